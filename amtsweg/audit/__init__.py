"""`amtsweg audit` and `amtsweg verify`: the log from the operator's and from the auditor's side."""

"""Who may come in: principals, their credentials, scopes. Written by ``amtsweg``, read by every door; owns schema ``access``."""

"""HTTP: application, problems, bearer tokens."""

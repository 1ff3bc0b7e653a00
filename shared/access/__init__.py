"""Access control: principals, their credentials and scopes. ``amtsweg`` writes schema ``access``; every door reads it."""

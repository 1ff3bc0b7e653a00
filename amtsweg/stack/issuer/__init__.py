"""An OpenID Connect issuer for the local stack alone: sample persons, no passwords; refuses to listen beyond loopback."""

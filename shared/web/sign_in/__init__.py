"""A person signs in with OpenID Connect (authorization code with PKCE); the session stays at the server."""

from shared.web.sign_in.gate import SessionGate
from shared.web.sign_in.sessions import SignedInPerson
from shared.web.sign_in.wiring import SignInParts, sign_in_parts

__all__ = ["SessionGate", "SignInParts", "SignedInPerson", "sign_in_parts"]

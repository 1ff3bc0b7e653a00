"""A person signs in with OpenID Connect (authorization code with PKCE); the session stays at the server."""

from shared.web.sign_in.gate import SessionGate
from shared.web.sign_in.openid import OpenIdProvider, SignInRefused
from shared.web.sign_in.routes import sign_in_routes
from shared.web.sign_in.sessions import Sessions, SignedInPerson, WebSession
from shared.web.sign_in.wiring import SignInParts, sign_in_parts

__all__ = [
    "OpenIdProvider",
    "SessionGate",
    "Sessions",
    "SignInParts",
    "SignInRefused",
    "SignedInPerson",
    "WebSession",
    "sign_in_parts",
    "sign_in_routes",
]

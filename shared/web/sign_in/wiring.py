"""The parts of a sign-in, made from the settings; one for each page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter

from shared.settings import SignIn
from shared.web.sign_in.cookies import Cookies
from shared.web.sign_in.gate import Admit, SessionGate
from shared.web.sign_in.openid import OpenIdProvider
from shared.web.sign_in.routes import STEPS_PER_MINUTE, sign_in_routes
from shared.web.sign_in.sessions import Sessions

_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInParts:
    """``gate`` lets in who is signed in; ``routes`` are signing in and out."""

    gate: SessionGate
    routes: APIRouter
    sessions: Sessions


def sign_in_parts(
    settings: SignIn,
    *,
    door: str,
    page: str,
    admit: Admit,
    clock: Callable[[], datetime],
    secret: str | None = None,
    http: httpx.AsyncClient | None = None,
    per_minute: int = STEPS_PER_MINUTE,
) -> SignInParts:
    """``door`` is the process's name, ``page`` the address below which its page lies.

    ``secret`` is the client's, ``http`` asks the issuer.
    """
    sessions = Sessions(idle=settings.idle, longest=settings.longest, clock=clock)
    cookies = Cookies(door=door, secure=urlsplit(settings.public_url).scheme == "https")
    gate = SessionGate(sessions, cookies=cookies, admit=admit)
    provider = OpenIdProvider(
        # Only the issuer that the settings name is asked: no proxy of the environment, no redirect.
        http or httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False, trust_env=False),
        issuer=settings.issuer,
        client_id=settings.client_id,
        client_secret=secret,
        redirect_uri=f"{settings.public_url}{page}/signed-in",
        seconds=lambda: clock().timestamp(),
    )
    routes = sign_in_routes(
        provider,
        sessions,
        gate=gate,
        cookies=cookies,
        page=page,
        public_url=settings.public_url,
        claims={"person": settings.person_claim, "authorities": settings.authorities_claim},
        per_minute=per_minute,
    )
    return SignInParts(gate=gate, routes=routes, sessions=sessions)

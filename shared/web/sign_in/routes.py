"""Signing in and out, below a page's own address: ``/clerk/sign-in``, ``/clerk/signed-in``, ``/clerk/sign-out``."""

import hmac
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.responses import RedirectResponse

from shared.errors import Unavailable
from shared.events.payload import Instant, WireModel
from shared.web.app import OPEN_TO_ALL
from shared.web.bearer import Caller
from shared.web.bilingual import Bilingual
from shared.web.language import preferred
from shared.web.origins import asker
from shared.web.problems import Problem, too_many_requests
from shared.web.rate_limit import Rates
from shared.web.sign_in.cookies import Cookies
from shared.web.sign_in.gate import SessionGate
from shared.web.sign_in.openid import OpenIdProvider, SignInRefused
from shared.web.sign_in.sessions import Sessions, SignedInPerson, SignInAttempt

STEPS_PER_MINUTE: Final = 6000
"""Requests on the way in, two for a sign-in; a tenth of them from one address. Each may make us ask the issuer."""

LANGUAGES: Final = ("de", "en")
_LONGEST: Final = 4096
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_AUTHORITY: Final = re.compile(r"[a-z]{1,8}(-[a-z0-9]+)+")
_MOST_AUTHORITIES: Final = 1000


class SessionDocument(WireModel):
    """Who is signed in. ``csrf`` goes into the header ``Amtsweg-Csrf`` of every request that changes something."""

    person: str
    name: str
    authorities: tuple[str, ...]
    scopes: tuple[str, ...]
    csrf: str
    ends_at: Instant


class SignedOutDocument(WireModel):
    """The session has ended here; ``next`` is where the browser goes to end it at the issuer too."""

    next: str


def sign_in_routes(
    provider: OpenIdProvider,
    sessions: Sessions,
    *,
    gate: SessionGate,
    cookies: Cookies,
    page: str,
    public_url: str,
    claims: Mapping[str, str],
    per_minute: int = STEPS_PER_MINUTE,
) -> APIRouter:
    """The routes below ``page`` (without a slash at its end); ``claims`` names those of person and authorities."""
    routes = APIRouter(prefix=page, tags=["sign-in"], include_in_schema=False)
    counted = [Depends(_counted(Rates(per_minute, per_address=per_minute // 10, seconds=time.monotonic)))]

    @routes.get("/sign-in", openapi_extra=OPEN_TO_ALL, dependencies=counted)
    async def sign_in(request: Request) -> Response:
        """Lead the browser to the issuer."""
        attempt = SignInAttempt.new()
        language = preferred(request.headers.get("accept-language", ""), offered=LANGUAGES)
        url = await provider.authorization_url(
            state=attempt.state, nonce=attempt.nonce, verifier=attempt.verifier, language=language
        )
        answer = RedirectResponse(url, HTTPStatus.SEE_OTHER)
        cookies.give_attempt(answer, sessions.sealed(attempt))
        return answer

    @routes.get("/signed-in", openapi_extra=OPEN_TO_ALL, dependencies=counted)
    async def signed_in(
        request: Request, code: str = "", state: str = "", iss: str | None = None, error: str = ""
    ) -> Response:
        """The issuer's answer: open a session for whom it vouches for, or say that it does not."""
        attempt = sessions.attempt(request.cookies.get(cookies.attempt, "")[:_LONGEST])
        ours = attempt is not None and hmac.compare_digest(attempt.state.encode(), state.encode())
        try:
            begun = _begun(attempt if ours else None, granted=bool(code and not error))
            told = await provider.claims(
                code=code[:_LONGEST], nonce=begun.nonce, verifier=begun.verifier, stated_issuer=iss
            )
            token = sessions.begin(_person(told, claims))
        except SignInRefused as refused:
            structlog.get_logger().warning("sign-in refused", reason=str(refused))
            answer = RedirectResponse(f"{page}/#refused", HTTPStatus.SEE_OTHER)
        else:
            answer = RedirectResponse(f"{page}/", HTTPStatus.SEE_OTHER)
            cookies.give_session(answer, token)
        if ours:  # an answer to another attempt leaves this one to its own answer
            cookies.take_back(answer, cookies.attempt)
        return answer

    @routes.get("/session", response_model=SessionDocument)
    async def session(request: Request, caller: Annotated[Caller, Security(gate)]) -> Response:
        """Who is signed in."""
        found = gate.session(request)
        document = SessionDocument(
            person=caller.id,
            name=found.person.name,
            authorities=tuple(sorted(caller.principal.authorities)),
            scopes=tuple(sorted(caller.scopes)),
            csrf=found.csrf,
            ends_at=found.ends_at,
        )
        return Response(document.model_dump_json(by_alias=True), media_type="application/json")

    @routes.post("/sign-out", response_model=SignedOutDocument)
    async def sign_out(request: Request, _: Annotated[Caller, Security(gate)]) -> Response:
        """End the session, here at once, even while the issuer is away."""
        sessions.end(request.cookies.get(cookies.session, ""))
        try:
            next_url = await provider.end_session_url(back=f"{public_url}{page}/")
        except Unavailable:
            next_url = None
        document = SignedOutDocument(next=next_url or f"{page}/")
        answer = Response(document.model_dump_json(by_alias=True), media_type="application/json")
        cookies.take_back(answer, cookies.session)
        return answer

    return routes


def _counted(rates: Rates) -> Callable[[Request], Awaitable[None]]:
    async def count(request: Request) -> None:
        if (wait := rates.take(asker(request))) > 0:
            raise _too_many(wait)

    return count


def _too_many(wait: int) -> Problem:
    return too_many_requests(
        wait,
        title=Bilingual(de="Zu viele Anmeldungen", en="Too many sign-ins"),
        detail=Bilingual(
            de="Von dieser Adresse oder von allen zusammen kommen mehr Anmeldungen, als in einer Minute gehen.",
            en="More sign-ins come, from this address or in total, than are possible in a minute.",
        ),
        resolution=Bilingual(
            de="Nach den Sekunden in Retry-After neu anmelden.", en="Sign in again after Retry-After."
        ),
    )


def _begun(attempt: SignInAttempt | None, *, granted: bool) -> SignInAttempt:
    if attempt is None:
        raise SignInRefused("no sign-in of this browser is under way")
    if not granted:
        raise SignInRefused("the issuer refused")
    return attempt


def _person(told: Mapping[str, Any], claims: Mapping[str, str]) -> SignedInPerson:
    own_id = told.get(claims["person"])
    if not isinstance(own_id, str) or not _ID.fullmatch(own_id):
        raise SignInRefused(f"claim {claims['person']}: an id of small letters, digits and - is expected")
    stated = told.get(claims["authorities"], [])
    listed = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    served = [
        each for each in listed[:_MOST_AUTHORITIES] if isinstance(each, str) and _AUTHORITY.fullmatch(each)
    ]
    name = told.get("name") or told.get("preferred_username") or own_id
    return SignedInPerson(id=own_id, name=str(name)[:100], authorities=frozenset(served))

"""A page to which people sign in, with the local issuer beside it, without a socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

import httpx
from fastapi import APIRouter, FastAPI, Security

from amtsweg.stack.issuer.app import issuer_app
from amtsweg.stack.issuer.description import PERSONS, IssuerClient, IssuerDescription
from shared.access.principal import Principal
from shared.settings import SignIn
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.bearer import Caller
from shared.web.sign_in import SignedInPerson, sign_in_parts
from tests.support.events import RECEIVED_AT

PAGE = "/clerk"
ISSUER = "http://127.0.0.1:8089"


@dataclass
class SignInGround:
    """``url`` is how the page is reached; whoever is in ``known`` is let in."""

    url: str = "https://doors.example"
    now: datetime = RECEIVED_AT
    scopes: frozenset[str] = frozenset({"inbox.read"})
    issuer_away: bool = False
    per_minute: int = 6000
    known: set[str] = field(default_factory=lambda: {"sachbearbeitung-1"})

    def admit(self, person: SignedInPerson) -> Principal | None:
        if person.id not in self.known:
            return None
        return Principal(
            id=person.id,
            kind="authority",
            name=person.id,
            scopes=self.scopes,
            authorities=person.authorities,
            registered_at=RECEIVED_AT,
        )


@dataclass(frozen=True)
class SignInBrowser:
    """One browser: it keeps cookies, and follows where it is led when it is told to."""

    page: httpx.AsyncClient
    issuer: httpx.AsyncClient

    async def to_issuer(self) -> dict[str, str]:
        """Begin to sign in; what the issuer is asked."""
        led = await self.page.get(f"{PAGE}/sign-in")
        assert led.status_code == 303
        return dict(parse_qsl(urlsplit(led.headers["location"]).query))

    async def chosen(self, asked: dict[str, str], person: str = "sachbearbeitung-1") -> str:
        """The address to which the issuer leads back."""
        back = await self.issuer.get("/chosen", params={**asked, "person": person})
        return str(back.headers["location"])

    async def sign_in(self, person: str = "sachbearbeitung-1") -> httpx.Response:
        """All of it; the last answer."""
        return await self.page.get(await self.chosen(await self.to_issuer(), person))


@asynccontextmanager
async def sign_in_browser(
    ground: SignInGround, app: Callable[[SignIn, httpx.AsyncClient], FastAPI] | None = None
) -> AsyncIterator[SignInBrowser]:
    """A browser at ``app``, which gets its settings and whoever asks the issuer; else at a page with one act."""
    issuer = _Reached(ground)
    async with httpx.AsyncClient(transport=issuer, base_url=ISSUER) as asking:
        settings = SignIn(issuer=ISSUER, client_id="doors", public_url=ground.url)
        page = httpx.ASGITransport(app(settings, asking) if app else _page(ground, settings, asking))
        async with httpx.AsyncClient(transport=page, base_url=ground.url) as client:
            yield SignInBrowser(client, asking)


class _Reached(httpx.AsyncBaseTransport):
    """The local issuer, unless it is away."""

    def __init__(self, ground: SignInGround) -> None:
        self._ground = ground
        self._there = httpx.ASGITransport(issuer_app(_issuer(ground)))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._ground.issuer_away:
            raise httpx.ConnectError("nobody listens")
        return await self._there.handle_async_request(request)


def _issuer(ground: SignInGround) -> IssuerDescription:
    client = IssuerClient(
        secret="s",
        redirect_uris=(f"{ground.url}{PAGE}/signed-in",),
        post_logout_redirect_uris=(f"{ground.url}{PAGE}/",),
    )
    return IssuerDescription(host="127.0.0.1", port=8089, persons=PERSONS, clients={"doors": client})


def _page(ground: SignInGround, settings: SignIn, asking: httpx.AsyncClient) -> FastAPI:
    parts = sign_in_parts(
        settings,
        door="doors",
        page=PAGE,
        admit=ground.admit,
        clock=lambda: ground.now,
        http=asking,
        secret="s",
        per_minute=ground.per_minute,
    )
    app = create_app(title="page", version="1", health=Health(), telemetry=Telemetry(), body_limit=65_536)
    app.include_router(parts.routes)
    guarded = APIRouter(prefix=PAGE)

    @guarded.post("/act")
    async def act(caller: Annotated[Caller, Security(parts.gate, scopes=["inbox.read"])]) -> str:
        return caller.id

    app.include_router(guarded)
    return app

"""The clearing desk over HTTP without Kafka: a router in memory acts on its orders."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from services.router.adapters.http.desk import desk_routes
from services.router.adapters.http.principal_auth import PrincipalAuth
from services.router.domain.cases.refusals import REFUSALS
from services.router.handler.clearing_desk import ClearingDesk
from shared.access.principal import Credential, Principal
from shared.events.competence import Place
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived
from shared.events.topics import CASE_ORDERED
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.bearer import AccessTokens, Callers
from tests.contracts.router.fakes import FakeDeskCases
from tests.support.events import RECEIVED_AT
from tests.support.routing import RouterInMemory, hessen, record, submission

NOWHERE = Place(plz="99999")
ISSUER = "https://intake.example"
CREDENTIAL = "secret-1"
TOKEN_KEY = ECKey.generate_key("P-256", {"kid": "tokens-1"})


@dataclass
class DeskInMemory:
    """The desk over HTTP, before a router in memory that acts on orders while it is awake."""

    router: RouterInMemory
    cases: FakeDeskCases = field(default_factory=FakeDeskCases)
    awake: bool = True
    ordered: list[Message] = field(default_factory=list)
    told: list[Event[Payload]] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)

    def get(self, principal: str) -> Principal | None:
        """The clerk as registered, unless shut out."""
        if principal in self.revoked or not principal.startswith("klaerung-"):
            return None
        return Principal(
            id=principal,
            kind="desk",
            name="Klärungsstelle",
            scopes=frozenset({"desk"}),
            registered_at=RECEIVED_AT,
            credentials=(Credential(id=CREDENTIAL, secret_hash="-", valid_from=RECEIVED_AT),),
        )

    async def publish(self, message: Message) -> None:
        self.ordered.append(message)
        if self.awake:
            await self.act()

    async def act(self) -> None:
        """Let the router act on every order, also on those that it knows."""
        for message in self.ordered:
            assert message.topic == CASE_ORDERED.name
            self.told += self.router.take_record(record(message))
        await self.follow()

    async def park(self, reference: str = "antrag-1", *, place: Place = NOWHERE) -> Event[SubmissionReceived]:
        received = submission(reference, place=place)
        self.router.take(received)
        await self.follow()
        return received

    async def follow(self) -> None:
        for case, held in self.custodies().items():
            await self.cases.put(case, held)

    def custodies(self) -> dict[UUID, CaseHeld]:
        """The custody of each case; beside them the router keeps what it told authorities of refusals."""
        kept = self.router.state.kept.items()
        return {UUID(key): CaseHeld.from_json(each) for key, each in kept if not key.startswith(REFUSALS)}

    def of(self, kind: type[Payload]) -> list[Event[Payload]]:
        return [event for event in self.told if isinstance(event.data, kind)]


def token(scope: str = "desk", *, audience: str = "desk", person: str = "klaerung-7") -> dict[str, str]:
    expires = RECEIVED_AT + timedelta(minutes=5)
    claims = {
        "iss": ISSUER,
        "sub": person,
        "aud": audience,
        "scope": scope,
        "credential": CREDENTIAL,
        "iat": int(RECEIVED_AT.timestamp()),
        "exp": int(expires.timestamp()),
    }
    text = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": TOKEN_KEY.kid}, claims, TOKEN_KEY)
    return {"Authorization": f"Bearer {text}"}


def desk_app(desk: DeskInMemory) -> FastAPI:
    """The desk's application."""
    telemetry = Telemetry()
    app = create_app(title="desk", version="1", health=Health(), telemetry=telemetry, body_limit=4096)
    public = [TOKEN_KEY.as_dict(private=False)]
    tokens = AccessTokens(public, issuer=ISSUER, audience="desk", clock=lambda: RECEIVED_AT)
    callers = Callers(tokens, desk, clock=lambda: RECEIVED_AT)
    clearing = ClearingDesk(
        cases=desk.cases,
        orders=desk,
        directory=hessen,
        clock=lambda: desk.router.now,
        patience=timedelta(milliseconds=50),
    )
    app.include_router(
        desk_routes(
            clearing,
            gate=PrincipalAuth.of_desk(callers.read, issuer=ISSUER),
            directory=hessen,
            clock=lambda: desk.router.now,
            telemetry=telemetry,
        )
    )
    return app


@asynccontextmanager
async def connected(desk: DeskInMemory) -> AsyncIterator[httpx.AsyncClient]:
    """A client that comes with a clerk's token."""
    transport = httpx.ASGITransport(desk_app(desk))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", headers=token()) as client:
        yield client

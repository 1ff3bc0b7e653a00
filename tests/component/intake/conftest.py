"""Intake over ASGI: everything real that needs nothing running, fakes for the rest."""

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey, OKPKey

from services.intake.adapters.jwt import JwtAssertions, JwtTokens
from services.intake.adapters.rates import Quota
from services.intake.adapters.sealing import Sealing
from services.intake.adapters.sealing_keys import RegisteredSealingKeys
from services.intake.adapters.secrets import Argon2Secrets
from services.intake.app import assemble
from services.intake.domain.client import SCOPES, Bearer
from services.intake.handler.submissions import SubmitHandler
from services.intake.handler.tokens import TokenEndpoint
from shared.access.principal import Credential, Principal
from shared.access.secrets import hashed
from shared.crypto.jwe import OwnKey, RecipientKey
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.bearer import AccessTokens, Callers
from shared.web.names import names_from
from tests.contracts.intake.fakes import (
    FakeAssertionIds,
    FakeBus,
    FakeClock,
    FakeHistories,
    FakeMessages,
    FakePrincipals,
    FakeReceiptStore,
)
from tests.support.pages import ROOT

ISSUER = "https://intake.example"
SECRET = "geheim & gut"
MAX_IN_FLIGHT = 3

PLATFORM = ECKey.generate_key("P-256", {"kid": "platform-1"})
NOTIFIER = ECKey.generate_key("P-256", {"kid": "notifier-1"})
CLIENT_KEY = ECKey.generate_key("P-256", {"kid": "portal-1"})
EDWARDS_KEY = OKPKey.generate_key("Ed25519", {"kid": "portal-2"})
TOKEN_KEY = ECKey.generate_key("P-256", {"kid": "tokens-1"})
_SECRET_HASH = hashed(SECRET)


@dataclass
class Counted:
    """Stands for Redis; ``quota`` is what every request meets, None when Redis is away."""

    quota: Quota | None = None
    who: list[str] = field(default_factory=list)

    async def __call__(self, who: str) -> Quota | None:
        self.who.append(who)
        return self.quota


@dataclass
class Complete:
    """Whether the store is whole."""

    now: bool = True

    def __call__(self) -> bool:
        return self.now


@dataclass
class Intake:
    """The application and everything around it."""

    clock: FakeClock
    store: FakeReceiptStore
    bus: FakeBus
    principals: FakePrincipals
    histories: FakeHistories
    counted: Counted
    desk: SubmitHandler
    tokens: JwtTokens
    app: FastAPI
    http: httpx.AsyncClient
    complete: Complete
    messages: FakeMessages

    def bearer(self, client_id: str = "portal", *, scopes: tuple[str, ...] = SCOPES) -> dict[str, str]:
        token = self.tokens.issue(
            Bearer(client_id=client_id, scopes=frozenset(scopes), credential="secret-1", audience="intake")
        )
        return {"Authorization": f"Bearer {token}"}

    async def submit(
        self,
        body: bytes | None = None,
        *,
        key: str = '"key-1"',
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> httpx.Response:
        return await self.http.post(
            "/v1/submissions",
            content=BODY if body is None else body,
            headers={**self.bearer(), "Idempotency-Key": key, **headers},
        )


BODY = (
    b'{"service":"99050012104000","place":{"plz":"35390","town":"Giessen"},"content":{"beginn":"2026-02-01"},'
    b'"contact":{"email":"erika.mustermann@example.org"},"clientReference":"antrag-4711"}'
)


def open_with(key: ECKey) -> OwnKey:
    return OwnKey(key.as_dict(private=True))


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()}


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and the last part of the problem's type, of an answer that is a whole problem document."""
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "resolution"} <= document.keys()
    assert document["status"] == answer.status_code
    return answer.status_code, document["type"].rpartition(":")[2]


_SEALER = Sealing(
    {
        "content": RecipientKey(PLATFORM.as_dict(private=False)),
        "contact": RecipientKey(NOTIFIER.as_dict(private=False)),
    }
)
_SINCE = FakeClock().now - timedelta(days=1)
_PORTAL = Principal(
    id="portal",
    kind="platform",
    name="Portal",
    scopes=frozenset(SCOPES),
    registered_at=_SINCE,
    credentials=(
        Credential(id="secret-1", secret_hash=_SECRET_HASH, valid_from=_SINCE),
        Credential(id="portal-1", key=CLIENT_KEY.as_dict(private=False), valid_from=_SINCE),
        Credential(id="portal-2", key=EDWARDS_KEY.as_dict(private=False), valid_from=_SINCE),
    ),
    sealing_keys=(ECKey.generate_key("P-256", {"kid": "portal-seals-1"}).as_dict(private=False),),
)
_OTHER = replace(
    _PORTAL,
    id="other",
    name="Other",
    sealing_keys=(),
    credentials=(Credential(id="secret-1", key=PLATFORM.as_dict(private=False), valid_from=_SINCE),),
)


def _callers(principals: FakePrincipals, *, clock: FakeClock) -> Callers:
    tokens = AccessTokens([TOKEN_KEY.as_dict(private=False)], issuer=ISSUER, audience="intake", clock=clock)
    return Callers(tokens, principals, clock=clock)


def _desk(
    store: FakeReceiptStore, bus: FakeBus, principals: FakePrincipals, *, clock: FakeClock, complete: Complete
) -> SubmitHandler:
    return SubmitHandler(
        store=store,
        sealer=_SEALER,
        keys=RegisteredSealingKeys(principals, notifier=NOTIFIER.as_dict(private=False)),
        bus=bus,
        clock=clock,
        secret=b"hash key",
        complete=complete,
    )


@asynccontextmanager
async def in_memory() -> AsyncIterator[Intake]:
    """Intake whose stores are in memory."""
    clock = FakeClock()
    store, bus, counted = FakeReceiptStore(clock), FakeBus(), Counted()
    principals = FakePrincipals({each.id: each for each in (_PORTAL, _OTHER)})
    tokens = JwtTokens([TOKEN_KEY.as_dict(private=True)], issuer=ISSUER, clock=clock)
    complete = Complete()
    desk = _desk(store, bus, principals, clock=clock, complete=complete)
    door = TokenEndpoint(
        principals=principals,
        secrets=Argon2Secrets(),
        assertions=JwtAssertions(),
        assertion_ids=FakeAssertionIds(),
        tokens=tokens,
        clock=clock,
        issuer=ISSUER,
    )
    histories, messages = FakeHistories(store), FakeMessages()
    app = assemble(
        desk=desk,
        door=door,
        callers=_callers(principals, clock=clock),
        public_keys=[TOKEN_KEY.as_dict(private=True)],
        histories=histories,
        messages=messages,
        count=counted,
        max_in_flight=MAX_IN_FLIGHT,
        health=Health(),
        telemetry=Telemetry(),
        names=names_from(ROOT / "directory" / "hessen", per_minute=60_000),
        doors_url="http://doors",
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as http:
        yield Intake(
            clock, store, bus, principals, histories, counted, desk, tokens, app, http, complete, messages
        )


@pytest.fixture
async def intake() -> AsyncIterator[Intake]:
    async with in_memory() as intake:
        yield intake

"""The authorities' doors over HTTP without Kafka and PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx
from fastapi import FastAPI

from services.router.adapters.arrivals import CustodyArrivals
from services.router.adapters.http.answers import ANSWER_BODY_LIMIT, answer_routes
from services.router.adapters.http.inbox import inbox_routes
from services.router.adapters.http.principal_auth import PrincipalAuth
from services.router.adapters.http.webhook import webhook_routes
from services.router.domain.cases.custody import Holding
from services.router.domain.cases.due import Due
from services.router.domain.cases.inbox import InboxRecord
from services.router.domain.cases.owed_case import OwedCase
from services.router.handler.answers import AnswerDoor
from shared.access.principal import Principal
from shared.crypto.key_strength import is_sealing_point
from shared.crypto.webhook_signatures import WebhookKeys
from shared.errors import Unavailable
from shared.events import ids
from shared.events.answer_refusal import AnswerWithoutEffect
from shared.events.case import CaseAnswered
from shared.events.custody import CustodyState
from shared.events.envelope import Event, Message, MessageRefused, carries
from shared.events.sealed_answer import AnswerKeyNames
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.bearer import Caller
from shared.web.egress import Egress
from shared.web.rate_limit import PrincipalRates
from tests.contracts.router.fakes import (
    FakeAnswerStore,
    FakeCustody,
    FakeInboxes,
    FakeLooks,
    FakeWebhookStore,
)
from tests.support.events import GIESSEN, RECEIPT, RECEIVED_AT, SUBMISSION_ID
from tests.support.routing import event_of, hessen

ALL = ("answers.write", "inbox.read", "webhooks.write")
PROVIDER = "ekom21"
WEBHOOK_KEYS = WebhookKeys((b"k" * 32,))
SERVED = frozenset({GIESSEN, "g-06534014"})


def in_vain(case: UUID, *, own_id: str = "a-1", at: datetime = RECEIVED_AT) -> AnswerWithoutEffect:
    """A decision of Gießen that came after the application was withdrawn."""
    answer = ids.answer_id(GIESSEN, own_id)
    return AnswerWithoutEffect(
        at=at, case_id=case, answer_id=answer, own_id=own_id, kind="decided", reason="withdrawn"
    )


@dataclass
class DoorsInMemory:
    """Who may come in is said in the header: ``Bearer <principal>``."""

    custody: FakeCustody = field(default_factory=FakeCustody)
    store: FakeAnswerStore = field(default_factory=FakeAnswerStore)
    inboxes: FakeInboxes = field(default_factory=FakeInboxes)
    looks: FakeLooks = field(default_factory=FakeLooks)
    webhooks: FakeWebhookStore = field(default_factory=FakeWebhookStore)
    arrivals: CustodyArrivals = field(default_factory=CustodyArrivals)
    sent: list[Message] = field(default_factory=list)
    away: bool = False
    too_large: bool = False
    now: datetime = RECEIVED_AT
    requests_per_minute: int = 10_000
    scopes: frozenset[str] = frozenset(ALL)
    revoked: set[str] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    due: dict[UUID, Due] = field(default_factory=dict)
    opened: list[InboxRecord] = field(default_factory=list)
    vain: dict[str, list[AnswerWithoutEffect]] = field(default_factory=dict)

    def of(self, case: UUID) -> Due | None:
        return self.due.get(case)

    def owed_by(self, authority: str) -> dict[UUID, OwedCase]:
        found = {case: held for case, held in self.custody.seen.items() if held.authority == authority}
        return {case: held for case, held in found.items() if isinstance(held, OwedCase)}

    def without_effect(self, authority: str) -> list[AnswerWithoutEffect]:
        return self.vain.get(authority, [])

    async def publish(self, message: Message) -> None:
        if self.away:
            raise Unavailable("case.answered.v1: not confirmed within 5 s")
        if self.too_large:
            raise MessageRefused("case.answered.v1: the message is too large")
        self.sent.append(message)

    @property
    def answered(self) -> list[Event[CaseAnswered]]:
        events = [event_of(message) for message in self.sent]
        return [event for event in events if carries(event, CaseAnswered)]

    async def note_opened(self, records: Sequence[InboxRecord]) -> None:
        """Stands for telling the router that these are fetched."""
        if self.away:
            raise Unavailable("case.answered.v1: not confirmed within 5 s")
        self.opened.extend(records)

    def hold(
        self,
        case: UUID,
        *,
        authority: str = GIESSEN,
        standing: CustodyState = "routed",
        answer_keys: AnswerKeyNames | None = None,
    ) -> None:
        self.custody.seen[case] = Holding(
            submission_id=SUBMISSION_ID, standing=standing, authority=authority, answer_keys=answer_keys
        )

    def owe(self, case: UUID, *, authority: str = GIESSEN) -> None:
        self.custody.seen[case] = OwedCase(
            submission_id=SUBMISSION_ID,
            standing="accepted",
            authority=authority,
            receipt_number=RECEIPT.receipt_number,
            received_at=RECEIVED_AT,
            service=RECEIPT.service,
            since=RECEIVED_AT,
        )

    def caller(self, authorization: str) -> Caller | None:
        scheme, _, name = authorization.partition(" ")
        if scheme != "Bearer" or not name or name in self.revoked:
            return None
        principal = Principal(
            id=name,
            kind="provider" if name == PROVIDER else "authority",
            name=name,
            scopes=self.scopes,
            authorities=(SERVED if name == PROVIDER else frozenset({name})) - self.suspended,
            registered_at=RECEIVED_AT,
        )
        return Caller(principal=principal, scopes=self.scopes)

    def again(self, caller: Caller) -> Caller | None:
        """Who has waited, as they are now."""
        return self.caller(f"Bearer {caller.id}")


@asynccontextmanager
async def connected(doors: DoorsInMemory, *, principal: str = GIESSEN) -> AsyncIterator[httpx.AsyncClient]:
    """A client that comes with this principal's token."""
    headers = {"Authorization": f"Bearer {principal}"}
    transport = httpx.ASGITransport(doors_app(doors))
    async with httpx.AsyncClient(transport=transport, base_url="http://doors", headers=headers) as client:
        yield client


def doors_app(doors: DoorsInMemory) -> FastAPI:
    """The authorities' part of the doors' application."""
    telemetry = Telemetry()
    app = create_app(
        title="doors",
        version="1",
        health=Health(),
        telemetry=telemetry,
        body_limit=65_536,
        body_limits={"/v1/answers": ANSWER_BODY_LIMIT},
    )
    door = AnswerDoor(
        store=doors.store,
        custody=doors.custody,
        bus=doors,
        looks=doors.looks,
        clock=lambda: doors.now,
        secret=b"secret",
        known=lambda authority: authority in hessen().authorities,
        is_point=is_sealing_point,
    )
    app.include_router(answer_routes(door, gate=authority_gate(doors), telemetry=telemetry))
    gate = authority_gate(doors)
    app.include_router(
        inbox_routes(
            doors.inboxes,
            looks=doors.looks,
            webhooks=doors.webhooks,
            arrivals=doors.arrivals,
            cases=doors,
            due=doors,
            gate=gate,
        )
    )
    app.include_router(
        webhook_routes(
            doors.webhooks, keys=WEBHOOK_KEYS, vet=Egress().vet, gate=gate, clock=lambda: doors.now
        )
    )
    return app


def authority_gate(doors: DoorsInMemory) -> PrincipalAuth:
    rates = PrincipalRates(doors.requests_per_minute, seconds=lambda: 0.0)
    return PrincipalAuth.of_authorities(
        doors.caller,
        issuer="https://intake.example",
        rates=rates,
        again=doors.again,
        again_seconds=0.01,
    )

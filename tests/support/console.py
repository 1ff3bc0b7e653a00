"""The console on a port of its own, over fakes: a router in memory acts on orders, and so does an engine on letters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from fastapi import APIRouter, FastAPI

from services.router.adapters.case_histories import TOPICS, told_line
from services.router.adapters.clerks import staff
from services.router.adapters.http.console import FILES, PAGE
from services.router.adapters.http.console.histories import history_routes
from services.router.adapters.http.console.operation import operation_routes
from services.router.adapters.http.console.proposals import proposal_routes
from services.router.adapters.http.console.routes import console_routes
from services.router.adapters.http.console.sheet import read_sheet
from services.router.desk.pages import order_routes
from services.router.domain.cases.due import Due
from services.router.domain.cases.letter import OpenLetter
from services.router.domain.cases.overview import StandingCase
from services.router.domain.cases.process import ProcessReport
from services.router.domain.decision.proposals import Assigned, assigned_in
from services.router.handler.clearing_desk import ClearingDesk
from services.router.ports.console import ToldLine
from shared.access.principal import Principal, PrincipalKind
from shared.case_history.lines import HistoryLine
from shared.errors import Unavailable
from shared.events.case import AnswerGiven, AnswerKind, CaseAnswered
from shared.events.envelope import Event
from shared.events.operation import (
    CloseOrdered,
    GoOnOrdered,
    RecordPlace,
    ReplayOrdered,
    ResumeOrdered,
    SuspendOrdered,
)
from shared.events.submission import SubmissionReceived
from shared.events.topics import CASE_ANSWERED
from shared.kafka.dead_letters import OrderReport
from shared.settings import SignIn
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.pages import file_routes
from shared.web.sign_in import SessionGate, sign_in_parts
from tests.support.desk import DeskInMemory
from tests.support.events import RECEIVED_AT
from tests.support.routing import HESSEN, about, event_of, hessen, resolver
from tests.support.served import served_with_issuer, sign_in_at

STAFF: dict[str, tuple[PrincipalKind, str]] = {
    "klaerung-1": ("desk", "desk"),
    "betrieb-1": ("operator", "operation directory"),
    "einblick-1": ("operator", "look"),
    "verzeichnis-1": ("desk", "directory"),
}


@dataclass
class ConsoleGround(DeskInMemory):
    """The desk, and what the console shows besides."""

    letters: dict[str, OpenLetter] = field(default_factory=dict)
    orders: list[ReplayOrdered | CloseOrdered | GoOnOrdered] = field(default_factory=list)
    suspended: dict[str, datetime] = field(default_factory=dict)
    due: dict[UUID, Due] = field(default_factory=dict)
    processes: list[ProcessReport] = field(default_factory=list)
    access: list[SuspendOrdered | ResumeOrdered] = field(default_factory=list)
    histories_away: bool = False

    def get(self, principal: str) -> Principal | None:
        if principal not in STAFF:
            return None
        kind, scope = STAFF[principal]
        return Principal(
            id=principal, kind=kind, name=kind, scopes=frozenset(scope.split()), registered_at=RECEIVED_AT
        )

    async def answer(
        self, sent: Event[SubmissionReceived], kind: AnswerKind, *, authority: str, own_id: str
    ) -> None:
        """The authority answers: with effect, or without."""
        data = CaseAnswered(
            authority=authority, own_id=own_id, answer=AnswerGiven(kind=kind, given_at=self.router.now)
        )
        answered = about(
            sent.submission_id, data, event_id=uuid5(sent.submission_id, f"{authority}/{own_id}")
        )
        self.router.take(answered, CASE_ANSWERED.name)
        await self.follow()

    def lines(self) -> list[ToldLine]:
        """What the desk has ordered, and what the router has told of cases."""
        written = [*self.ordered, *self.router.out]
        return [told_line(event_of(each)) for each in written if each.topic in TOPICS]

    def everything(self) -> dict[UUID, StandingCase]:
        return {
            case: StandingCase(
                submission_id=each.submission_id,
                receipt_number=each.receipt.receipt_number,
                received_at=each.receipt.received_at,
                service=each.receipt.service,
                standing=each.standing,
                since=each.since,
                authority=each.authority,
            )
            for case, each in self.custodies().items()
        }

    def lay_aside(self, name: str) -> None:
        group, _, offset = name.partition(":")
        self.letters[name] = OpenLetter(
            name=name,
            group=group,
            place=RecordPlace(topic="submission.received.v1", partition=1, offset=int(offset)),
            kind="undecodable",
            reason="ce_type is missing",
            attempts=1,
            since_ms=int(RECEIVED_AT.timestamp() * 1000),
            length=17,
            digest="0" * 64,
            case=None,
            software="0.1.0",
        )


class ConsoleViews:
    """Implements `AllCases`, `OpenLetters`, `RefusedAnswers` and `DueDates` over the ground."""

    def __init__(self, ground: ConsoleGround) -> None:
        self._ground = ground

    @property
    def cases(self) -> dict[UUID, StandingCase]:
        return self._ground.everything()

    def unsettled(self) -> dict[str, OpenLetter]:
        return self._ground.letters

    async def order(self, order: ReplayOrdered | CloseOrdered | GoOnOrdered) -> OrderReport | None:
        self._ground.orders.append(order)
        if isinstance(order, GoOnOrdered):
            self._ground.processes.clear()
            return OrderReport("3", "going-on", "")
        name = next(
            name
            for name, each in self._ground.letters.items()
            if (each.group, each.place) == (order.group, order.record)
        )
        if isinstance(order, ReplayOrdered):
            return OrderReport("1", "failed", "ce_type is missing")
        del self._ground.letters[name]
        return OrderReport("2", "closed", order.reason)

    def of(self, case: UUID) -> Due | None:
        return self._ground.due.get(case)

    def refused(self) -> list[HistoryLine]:
        told = [each.line for each in reversed(self._ground.lines())]
        return [each for each in told if each.code == "answer-refused"]


class FakeHistories:
    """Implements `ReadHistories`: what the router in memory has told."""

    def __init__(self, ground: ConsoleGround) -> None:
        self._ground = ground

    async def of(self, case: UUID, *, received_at: datetime) -> list[ToldLine]:
        if self._ground.histories_away:
            raise Unavailable("the history was not read in 15 seconds")
        told = self._ground.lines()
        found = [each for each in told if each.line.case_id == case and each.line.at >= received_at]
        return sorted(found, key=lambda each: each.line.at)


class FakeSuspensions:
    """Implements `Suspensions` over the ground."""

    def __init__(self, ground: ConsoleGround) -> None:
        self._ground = ground

    async def now(self) -> dict[str, datetime]:
        return self._ground.suspended

    async def order(self, order: SuspendOrdered | ResumeOrdered) -> None:
        self._ground.access.append(order)
        self._ground.suspended.pop(order.authority, None)
        if isinstance(order, SuspendOrdered):
            self._ground.suspended[order.authority] = RECEIVED_AT


class FakeAssignments:
    """Implements `Assignments`: what the router in memory has told of them."""

    def __init__(self, ground: ConsoleGround) -> None:
        self._ground = ground

    def assigned(self) -> list[Assigned]:
        return [found for each in self._ground.told if (found := assigned_in(each)) is not None]


class FakeProcesses:
    """Implements `Processes` over the ground."""

    def __init__(self, ground: ConsoleGround) -> None:
        self._ground = ground

    async def now(self) -> list[ProcessReport]:
        return [*self._ground.processes]


@asynccontextmanager
async def console(ground: ConsoleGround) -> AsyncIterator[str]:
    """The page while the block runs, with a local issuer; its base URL."""
    settings = sign_in_at("desk")
    async with served_with_issuer(console_app(ground, settings), settings, page=PAGE) as url:
        yield url


def console_app(ground: ConsoleGround, settings: SignIn) -> FastAPI:
    """The page's part of the desk's application."""
    views, suspensions, health = ConsoleViews(ground), FakeSuspensions(ground), Health()

    def clock() -> datetime:
        return ground.router.now

    desk = ClearingDesk(
        cases=ground.cases,
        orders=ground,
        directory=hessen,
        clock=clock,
        patience=timedelta(milliseconds=500),
    )
    signed_in = sign_in_parts(settings, door="desk", page=PAGE, admit=staff(ground), clock=clock, secret="s")
    looking: Any = console_routes(
        views,
        letters=views,
        suspensions=suspensions,
        due=views,
        gate=signed_in.gate,
        directory=hessen,
        health=health.report,
    )
    telemetry = Telemetry()
    app = create_app(title="desk", version="1", health=health, telemetry=telemetry, body_limit=4096)
    orders = order_routes(
        desk,
        sheet=read_sheet(HESSEN),
        gate=signed_in.gate,
        directory=hessen,
        today=lambda: clock().date(),
        telemetry=telemetry,
    )
    operated = _operated(ground, views=views, suspensions=suspensions, gate=signed_in.gate)
    app.state.sessions = signed_in.sessions
    for routes in (signed_in.routes, looking, *operated, *orders, file_routes(FILES, page=PAGE)):
        app.include_router(routes)
    return app


def _operated(
    ground: ConsoleGround, *, views: ConsoleViews, suspensions: FakeSuspensions, gate: SessionGate
) -> tuple[APIRouter, APIRouter, APIRouter]:
    """What operators and those who look after the directory ask."""
    return (
        history_routes(
            views, histories=FakeHistories(ground), refusals=views, days=14, gate=gate, directory=hessen
        ),
        operation_routes(
            FakeProcesses(ground), letters=views, suspensions=suspensions, gate=gate, directory=hessen
        ),
        proposal_routes(
            FakeAssignments(ground), cases=ground.cases, gate=gate, resolver=lambda: resolver(hessen())
        ),
    )

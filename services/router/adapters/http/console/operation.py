"""What an operator asks at the console: how the other processes do; and the order that a stopped group goes on."""

from typing import Annotated, Final

from fastapi import APIRouter, Response, Security

from services.router.adapters.http.console import PAGE
from services.router.adapters.http.console.answers import told_of_order, without_store
from services.router.domain.cases.process import ProcessReport
from services.router.ports.console import OpenLetters, Processes
from shared.events.operation import GoOnOrdered
from shared.events.payload import WireModel
from shared.events.topics import GROUPS
from shared.web.bearer import Caller
from shared.web.problems import Problem
from shared.web.sign_in import SessionGate

OPERATION: Final = "operation"
"""The scope of those who give orders to services."""


class AilingPartDocument(WireModel):
    name: str
    standing: str
    reason: str


class BacklogDocument(WireModel):
    group: str
    topic: str
    records: int


class ProcessDocument(WireModel):
    """``group`` is the consumer group that it runs, if any; ``standing`` that of its worst part."""

    name: str
    standing: str
    group: str | None = None
    ailing: tuple[AilingPartDocument, ...]
    backlogs: tuple[BacklogDocument, ...]


class ProcessesDocument(WireModel):
    processes: tuple[ProcessDocument, ...]


def operation_routes(processes: Processes, *, letters: OpenLetters, gate: SessionGate) -> APIRouter:
    """Whoever is registered may look; orders need the scope ``operation``."""
    routes = APIRouter(prefix=PAGE, tags=["console"], include_in_schema=False)

    @routes.get("/processes", response_model=ProcessesDocument)
    async def listed(_: Annotated[Caller, Security(gate)]) -> Response:
        """Health and lag of the other processes."""
        reports = await processes.now()
        return without_store(ProcessesDocument(processes=tuple(map(_document, reports))))

    @routes.post("/groups/{group}/go-on")
    async def go_on(group: str, caller: Annotated[Caller, Security(gate, scopes=[OPERATION])]) -> Response:
        """Let a group go on that has stopped because of too many dead letters."""
        if group not in GROUPS:
            raise _no_group()
        report = await letters.order(GoOnOrdered(group=group, principal=caller.id))
        return without_store(told_of_order(group, report))

    return routes


def _document(report: ProcessReport) -> ProcessDocument:
    return ProcessDocument(
        name=report.name,
        standing=report.standing,
        group=report.name if report.name in GROUPS else None,
        ailing=tuple(
            AilingPartDocument(name=each.name, standing=each.standing, reason=each.reason)
            for each in report.ailing
        ),
        backlogs=tuple(
            BacklogDocument(group=each.group, topic=each.topic, records=each.records)
            for each in report.backlogs
        ),
    )


def _no_group() -> Problem:
    return Problem(
        404,
        "group-unknown",
        title="Keine Gruppe (no group)",
        detail="Diese Gruppe gibt es nicht.",
        resolution=f"Eine von diesen nennen (name one of these): {', '.join(GROUPS)}.",
    )

"""The console's routes for operators: health of the other processes; orders about groups and authorities' access."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Response, Security

from services.router.adapters.clerks import LOOK
from services.router.adapters.http.console import PAGE
from services.router.adapters.http.console.answers import OrderOutcomeDocument, told_of_order, without_store
from services.router.adapters.http.console.parts import AilingPartDocument, ailing_parts
from services.router.domain.cases.process import ProcessReport
from services.router.domain.directory.model import Directory
from services.router.ports.console import OpenLetters, Processes, Suspensions
from shared.events.operation import GoOnOrdered, ResumeOrdered, SuspendOrdered
from shared.events.payload import WireModel
from shared.events.topics import GROUPS
from shared.web.bearer import Caller
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem
from shared.web.sign_in import SessionGate

OPERATION: Final = "operation"
"""The scope of those who give orders to services."""


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


def operation_routes(
    processes: Processes,
    *,
    letters: OpenLetters,
    suspensions: Suspensions,
    gate: SessionGate,
    directory: Callable[[], Directory],
) -> APIRouter:
    """Looking needs the scope ``look``, orders need ``operation``."""
    routes = APIRouter(prefix=PAGE, tags=["console"], include_in_schema=False)

    @routes.get("/processes", response_model=ProcessesDocument)
    async def listed(_: Annotated[Caller, Security(gate, scopes=[LOOK])]) -> Response:
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

    @routes.post("/authorities/{authority}/suspend")
    async def suspend(
        authority: str, caller: Annotated[Caller, Security(gate, scopes=[OPERATION])]
    ) -> Response:
        """Shut an authority out at the doors; its inbox waits."""
        if authority not in directory().authorities:
            raise _no_authority()
        await suspensions.order(SuspendOrdered(authority=authority, principal=caller.id))
        return without_store(OrderOutcomeDocument(name=authority, outcome="suspended", detail=""))

    @routes.post("/authorities/{authority}/resume")
    async def resume(
        authority: str, caller: Annotated[Caller, Security(gate, scopes=[OPERATION])]
    ) -> Response:
        """Let it in again."""
        if authority not in await suspensions.now():
            raise _no_authority()
        await suspensions.order(ResumeOrdered(authority=authority, principal=caller.id))
        return without_store(OrderOutcomeDocument(name=authority, outcome="resumed", detail=""))

    return routes


def _document(report: ProcessReport) -> ProcessDocument:
    return ProcessDocument(
        name=report.name,
        standing=report.standing,
        group=report.name if report.name in GROUPS else None,
        ailing=ailing_parts(report),
        backlogs=tuple(
            BacklogDocument(group=each.group, topic=each.topic, records=each.records)
            for each in report.backlogs
        ),
    )


def _no_group() -> Problem:
    return Problem(
        404,
        "group-unknown",
        title=Bilingual(de="Keine Gruppe", en="No group"),
        detail=Bilingual(de="Diese Gruppe gibt es nicht.", en="There is no such group."),
        resolution=Bilingual(
            de=f"Eine von diesen nennen: {', '.join(GROUPS)}.", en=f"Name one of these: {', '.join(GROUPS)}."
        ),
    )


def _no_authority() -> Problem:
    return Problem(
        404,
        "authority-unknown",
        title=Bilingual(de="Keine solche Stelle", en="No such authority"),
        detail=Bilingual(
            de="Diese Stelle steht nicht im Verzeichnis, oder sie ist nicht gesperrt.",
            en="This authority is not in the directory, or it is not suspended.",
        ),
        resolution=Bilingual(de="Die Liste neu laden.", en="Reload the list."),
    )

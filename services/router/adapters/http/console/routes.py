"""The console's routes: an overview of all cases, one case by its number, dead letters and orders about them."""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Response, Security

from services.router.adapters.clerks import LOOK
from services.router.adapters.http.console import PAGE
from services.router.adapters.http.console.answers import (
    OrderOutcomeDocument,
    no_case,
    told_of_order,
    without_store,
)
from services.router.adapters.http.console.documents import (
    CloseLetterDocument,
    LettersDocument,
    OverviewDocument,
    ReplayLetterDocument,
    StandingCaseDocument,
    letter_document,
    overview_document,
    standing_document,
)
from services.router.adapters.http.console.operation import OPERATION
from services.router.domain.cases.deadlines import deadlines, due_in
from services.router.domain.cases.letter import OpenLetter
from services.router.domain.cases.overview import at_a_glance, find_standing
from services.router.domain.cases.process import process_report
from services.router.domain.directory.model import Directory
from services.router.ports import DueDates
from services.router.ports.console import AllCases, OpenLetters, Suspensions
from shared.events.operation import CloseOrdered, ReplayOrdered
from shared.web.bearer import Caller
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem
from shared.web.sign_in import SessionGate

_MOST: Final = 50
_GRAVEST: Final = 10
_DESK: Final = "desk"


def console_routes(
    cases: AllCases,
    *,
    letters: OpenLetters,
    suspensions: Suspensions,
    due: DueDates,
    gate: SessionGate,
    directory: Callable[[], Directory],
    health: Callable[[], Mapping[str, Mapping[str, str]]],
) -> APIRouter:
    """The routes below ``/console``: looking needs the scope ``look``, dead letters ``operation``."""
    routes = APIRouter(prefix=PAGE, tags=["console"], include_in_schema=False)

    @routes.get("/overview", response_model=OverviewDocument)
    async def overview(_: Annotated[Caller, Security(gate, scopes=[LOOK])]) -> Response:
        """How things stand."""
        known = directory()
        return without_store(
            overview_document(
                at_a_glance(cases.cases.values(), most=_MOST),
                suspended=await suspensions.now(),
                letters=len(letters.unsettled()),
                due=deadlines(cases.cases, due.of, most=_GRAVEST),
                directory=known,
                own=process_report(_DESK, health=health(), backlogs=()),
            )
        )

    @routes.get("/cases/{reference:path}", response_model=StandingCaseDocument)
    async def one(reference: str, _: Annotated[Caller, Security(gate, scopes=[LOOK])]) -> Response:
        """Where a case is, by receipt number, submission id or case id."""
        found = find_standing(cases.cases, reference.strip())
        if found is None:
            raise no_case()
        return without_store(standing_document(*found, directory(), due=due_in(*found, due.of)))

    @routes.get("/letters", response_model=LettersDocument)
    async def listed(_: Annotated[Caller, Security(gate, scopes=[OPERATION])]) -> Response:
        """Dead letters that nobody has settled, the oldest first."""
        found = sorted(letters.unsettled().values(), key=lambda each: (each.since_ms, each.name))
        return without_store(LettersDocument(letters=tuple(map(letter_document, found))))

    @routes.post("/letters/replay", response_model=OrderOutcomeDocument)
    async def replay(
        body: ReplayLetterDocument, caller: Annotated[Caller, Security(gate, scopes=[OPERATION])]
    ) -> Response:
        """Let the owning service try the record again."""
        letter = _unsettled(letters, body.name)
        order = ReplayOrdered(group=letter.group, record=letter.place, principal=caller.id)
        return await _told(letters, order, letter)

    @routes.post("/letters/close", response_model=OrderOutcomeDocument)
    async def close(
        body: CloseLetterDocument, caller: Annotated[Caller, Security(gate, scopes=[OPERATION])]
    ) -> Response:
        """Give the record up; who did so and why stays on record."""
        letter = _unsettled(letters, body.name)
        order = CloseOrdered(group=letter.group, record=letter.place, reason=body.reason, principal=caller.id)
        return await _told(letters, order, letter)

    return routes


async def _told(letters: OpenLetters, order: ReplayOrdered | CloseOrdered, letter: OpenLetter) -> Response:
    return without_store(told_of_order(letter.name, await letters.order(order)))


def _unsettled(letters: OpenLetters, name: str) -> OpenLetter:
    letter = letters.unsettled().get(name)
    if letter is None:
        raise Problem(
            404,
            "letter-settled",
            title=Bilingual(de="Nicht unerledigt", en="Not unsettled"),
            detail=Bilingual(
                de="Dieser Dead Letter ist erledigt oder unbekannt.",
                en="This dead letter is settled or unknown.",
            ),
            resolution=Bilingual(de="Die Liste neu laden.", en="Reload the list."),
        )
    return letter

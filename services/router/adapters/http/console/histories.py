"""What happened in a case, and which answers had no effect: in words of both languages, for the console."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Response, Security

from services.router.adapters.clerks import LOOK
from services.router.adapters.http.console import PAGE
from services.router.adapters.http.console.answers import no_case, without_store
from services.router.adapters.http.console.documents import name_in
from services.router.adapters.http.console.refusal_words import HOW_TO_GO_ON
from services.router.domain.cases.overview import StandingCase
from services.router.domain.directory.model import Directory
from services.router.ports.console import AllCases, ReadHistories, RefusedAnswers, ToldLine
from shared.case_history.lines import HistoryLine, complete
from shared.case_history.words import said
from shared.events.payload import Instant, WireModel
from shared.local_time import ReadIn
from shared.web.bearer import Caller
from shared.web.sign_in import SessionGate

_MOST: Final = 20


class LineWordsDocument(WireModel):
    """``said`` is what happened; ``do`` how to go on, where something has to be done or understood."""

    said: str
    do: str | None = None


class GivenOrderDocument(WireModel):
    """Who gave an order, by id or role, and why."""

    by: str
    reason: str


class CaseLineDocument(WireModel):
    """One thing that happened. ``receiptNumber`` is absent where the case is no longer known here."""

    case: UUID
    receipt_number: str | None = None
    at: Instant
    code: str
    authority: str | None = None
    authority_name: str | None = None
    de: LineWordsDocument
    en: LineWordsDocument
    order: GivenOrderDocument | None = None


class CaseHistoryDocument(WireModel):
    lines: tuple[CaseLineDocument, ...]


class RefusedAnswersDocument(WireModel):
    """Answers without effect of the last ``days``; ``answers`` are the newest of them."""

    days: int
    count: int
    answers: tuple[CaseLineDocument, ...]


def history_routes(
    cases: AllCases,
    *,
    histories: ReadHistories,
    refusals: RefusedAnswers,
    days: int,
    gate: SessionGate,
    directory: Callable[[], Directory],
) -> APIRouter:
    """Both routes need the scope ``look``. An erased case shows only that it is erased."""
    routes = APIRouter(prefix=PAGE, tags=["console"], include_in_schema=False)

    @routes.get("/histories/{case}", response_model=CaseHistoryDocument)
    async def history(case: UUID, _: Annotated[Caller, Security(gate, scopes=[LOOK])]) -> Response:
        """What happened in one case, the oldest first."""
        held = cases.cases.get(case)
        if held is None:
            raise no_case()
        lines = () if held.standing == "erased" else await _lines(case, held, histories)
        return without_store(
            CaseHistoryDocument(lines=tuple(_document(each, held, directory()) for each in lines))
        )

    @routes.get("/refusals", response_model=RefusedAnswersDocument)
    async def refused(_: Annotated[Caller, Security(gate, scopes=[LOOK])]) -> Response:
        """Answers of authorities that had no effect lately, the newest first."""
        found, known = refusals.refused(), cases.cases
        return without_store(
            RefusedAnswersDocument(
                days=days,
                count=len(found),
                answers=tuple(
                    _document(ToldLine(line=each), known.get(each.case_id), directory())
                    for each in found[:_MOST]
                ),
            )
        )

    return routes


async def _lines(case: UUID, held: StandingCase, histories: ReadHistories) -> Sequence[ToldLine]:
    told = await histories.of(case, received_at=held.received_at)
    orders = {each.line.event_id: each.order for each in told}
    lines = complete(
        [each.line for each in told],
        submission_id=held.submission_id,
        case_id=case,
        received_at=held.received_at,
    )
    return [ToldLine(line=each, order=orders.get(each.event_id)) for each in lines]


def _document(told: ToldLine, held: StandingCase | None, directory: Directory) -> CaseLineDocument:
    line, order = told.line, told.order
    return CaseLineDocument(
        case=line.case_id,
        receipt_number=None if held is None else held.receipt_number,
        at=line.at,
        code=line.code,
        authority=line.authority,
        authority_name=None if line.authority is None else name_in(directory, line.authority),
        de=_words(line, "de"),
        en=_words(line, "en"),
        order=None
        if order is None
        else GivenOrderDocument(by=order.principal or order.role, reason=order.reason),
    )


def _words(line: HistoryLine, language: ReadIn) -> LineWordsDocument:
    refused = line.code == "answer-refused"
    how = next((words for reason, words in HOW_TO_GO_ON.items() if refused and reason == line.detail), None)
    return LineWordsDocument(
        said=said(line, language=language), do=None if how is None else how.in_language(language)
    )

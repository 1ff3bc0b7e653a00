"""The routes of the clerk's page: the cases that its authorities hold, and one of them, sealed as it came."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Response, Security
from pydantic import Field, JsonValue

from services.router.adapters.clerk_position import ClerkPosition
from services.router.adapters.http.clerk import PAGE
from services.router.domain.cases.due import Due, DueKind
from services.router.domain.cases.inbox import InboxRecord, event_in
from services.router.domain.cases.owed_case import OwedCase
from services.router.domain.cases.transitions import UNANSWERED
from services.router.domain.directory.model import Directory
from services.router.ports import DueDates, Inboxes, OwedCases
from shared.events.answer_refusal import AnswerWithoutEffect
from shared.events.custody import CustodyState
from shared.events.envelope import event_type
from shared.events.payload import AuthorityId, Instant, WireModel
from shared.events.supplement import SupplementDelivered
from shared.web.bearer import Caller
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem
from shared.web.sign_in import SessionGate

_READ: Final = "inbox.read"
_SUPPLEMENT: Final = event_type(SupplementDelivered)
_MOST: Final = 500

RecordsShown = Callable[[Sequence[InboxRecord]], Awaitable[None]]
"""Told of records that somebody has before them."""


class ClerkCaseDocument(WireModel):
    """A line of the list. `standing` is `routed` or `fetched` until the authority has said something about the case."""

    case: UUID
    submission: UUID
    authority: AuthorityId
    authority_name: str
    receipt_number: str
    service: str
    service_name: str
    received_at: Instant
    standing: CustodyState
    since: Instant
    delivered_at: Annotated[Instant | None, Field(description="when the case came to this authority")] = None
    due: DueKind | None = None
    due_on: date | None = None


class ClerkListDocument(WireModel):
    """What the authorities hold, the oldest receipt first; `total` counts those that are not listed too."""

    cases: tuple[ClerkCaseDocument, ...]
    total: int
    without_effect: Annotated[
        tuple[AnswerWithoutEffect, ...],
        Field(description="what was answered lately in vain, the newest first"),
    ] = ()


class ClerkSupplementDocument(WireModel):
    """What was handed in to a case later, sealed under an id of its own."""

    submission: UUID
    event: JsonValue


class ClerkRecordDocument(ClerkCaseDocument):
    """One case as it lies in the inbox: sealed. `event` is absent where it has expired (30 days)."""

    event: JsonValue = None
    supplements: tuple[ClerkSupplementDocument, ...] = ()


def clerk_routes(
    cases: OwedCases,
    *,
    opened: RecordsShown,
    inboxes: Inboxes,
    position: ClerkPosition,
    due: DueDates,
    gate: SessionGate,
    directory: Callable[[], Directory],
) -> APIRouter:
    """``/clerk/cases``; ``directory`` lends the names, ``opened`` hears of what is shown."""
    routes = APIRouter(prefix=PAGE, tags=["clerk"], include_in_schema=False)

    @routes.get("/cases", response_model=ClerkListDocument)
    async def listed(
        caller: Annotated[Caller, Security(gate, scopes=[_READ])], afterwards: BackgroundTasks
    ) -> Response:
        """What the authorities of this person hold; afterwards what has been answered is confirmed in the inbox."""
        afterwards.add_task(position.move, sorted(caller.principal.authorities))
        names = directory()
        held = [
            (case, each)
            for served in caller.principal.authorities
            for case, each in cases.owed_by(served).items()
        ]
        held.sort(key=lambda found: (found[1].received_at, found[0]))
        lines = tuple(
            ClerkCaseDocument(**_line(case, each, names, due=due.of(case))) for case, each in held[:_MOST]
        )
        vain = [each for served in caller.principal.authorities for each in cases.without_effect(served)]
        vain.sort(key=lambda each: each.at, reverse=True)
        return _json(ClerkListDocument(cases=lines, total=len(held), without_effect=tuple(vain)))

    @routes.get("/cases/{case}", response_model=ClerkRecordDocument)
    async def one(
        case: UUID, caller: Annotated[Caller, Security(gate, scopes=[_READ])], afterwards: BackgroundTasks
    ) -> Response:
        """One case, sealed; unknown and not yours are one answer."""
        found = next(
            (held for each in caller.principal.authorities if (held := cases.owed_by(each).get(case))), None
        )
        if found is None:
            raise _not_held()
        written = [int(each.timestamp() * 1000) for each in found.delivered]
        records = await inboxes.about(
            found.authority, case, written_ms=written, supplements=found.supplements
        )
        afterwards.add_task(opened, records)
        return _json(
            ClerkRecordDocument(**_line(case, found, directory(), due=due.of(case)), **_sealed(records))
        )

    return routes


def _sealed(records: Sequence[InboxRecord]) -> dict[str, object]:
    """The records' values: the submission, and what was handed in later, each with the id that it is sealed under."""
    kinds = [(each.header("ce_type").decode() == _SUPPLEMENT, each) for each in records]
    return {
        "event": next((event_in(each)[0] for later, each in kinds if not later), None),
        "supplements": tuple(
            ClerkSupplementDocument(
                submission=UUID(each.header("ce_submissionid").decode()), event=event_in(each)[0]
            )
            for later, each in kinds
            if later
        ),
    }


def served_names(directory: Directory, authorities: Sequence[str]) -> dict[str, str]:
    """Names beside ids; the id itself where the directory has no name."""
    known = directory.authorities
    return {each: known[each].name if each in known else each for each in authorities}


def _line(case: UUID, held: OwedCase, directory: Directory, *, due: Due | None) -> dict[str, object]:
    late = due is not None and (due.kind != "confirmation-late" or held.standing in UNANSWERED)
    names = served_names(directory, [held.authority])
    return {
        "case": case,
        "submission": held.submission_id,
        "authority": held.authority,
        "authority_name": names[held.authority],
        "receipt_number": held.receipt_number,
        "service": held.service,
        "service_name": directory.services.get(held.service, ""),
        "received_at": held.received_at,
        "standing": held.standing,
        "since": held.since,
        "delivered_at": held.delivered[0] if held.delivered else None,
        "due": due.kind if due and late else None,
        "due_on": due.on if due and late else None,
    }


def _not_held() -> Problem:
    return Problem(
        404,
        "not-in-custody",
        title=Bilingual(de="Kein Vorgang bei Ihnen", en="No case of yours"),
        detail=Bilingual(
            de="Dieser Vorgang liegt nicht bei Ihrer Stelle: Er ist abgeschlossen, weitergegeben oder unbekannt.",
            en="This case is not with your authority: it is closed, handed on or unknown.",
        ),
        resolution=Bilingual(de="Die Liste neu laden.", en="Reload the list."),
    )


def _json(document: WireModel) -> Response:
    return Response(
        document.model_dump_json(by_alias=True, exclude_none=True),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )

"""The router's own memory of a case: who holds it and what has been applied."""

from datetime import date
from typing import Literal
from uuid import UUID

from shared.events.case import SilenceDoubt
from shared.events.clock import DeemedKind
from shared.events.competence import CompetenceDecision
from shared.events.payload import AuthorityId, Instant, Payload, WireModel
from shared.events.submission import Receipt

CustodyState = Literal[
    "parked",
    "routed",
    "fetched",
    "accepted",
    "information-requested",
    "supplemented",
    "decided",
    "deemed-approved",
    "withdrawn",
    "erased",
]


class PeriodOver(WireModel):
    """A period that has ended without a decision. Once silence is found to show nothing, ``doubt`` says why."""

    authority: AuthorityId | None = None
    profile: str
    ended_on: date
    fiction_from: date
    deemed: DeemedKind
    certain: bool
    grace_until: date
    doubt: SilenceDoubt | None = None


class CaseHeld(Payload):
    """One case's custody since an instant; while it is parked, ``reason`` says why.

    ``applied`` are the ids of the events already acted on (promise 2), the last of them at ``applied_at``.
    ``placed_by`` is the person's order by which the case left the clearing desk; absent where the directory alone
    decided. ``delivery`` is the record in the authority's inbox that brought the case, ``delivered`` when it
    was put there, and then each supplement: where to look for them. ``handed_on_by`` are the authorities that have returned or forwarded it: none of them gets it again without
    a person. ``supplements`` are the submissions that were handed in to it later. Of an ``erased`` case only a gravestone is left: that there was one, so that nothing opens it again.
    """

    submission_id: UUID
    receipt: Receipt
    standing: CustodyState
    since: Instant
    authority: AuthorityId | None = None
    reason: str | None = None
    decision: CompetenceDecision | None = None
    placed_by: UUID | None = None
    delivery: UUID | None = None
    delivered: tuple[Instant, ...] = ()
    handed_on_by: tuple[AuthorityId, ...] = ()
    supplements: tuple[UUID, ...] = ()
    applied: tuple[UUID, ...] = ()
    applied_at: Instant | None = None
    period: PeriodOver | None = None
    extended: bool = False

"""The router's state of a case: who holds it and which events have been applied."""

from datetime import date
from typing import Literal
from uuid import UUID

from shared.events.case import SilenceDoubt
from shared.events.clock import DeemedKind
from shared.events.competence import CompetenceDecision
from shared.events.payload import AuthorityId, Instant, Payload, WireModel
from shared.events.sealed_answer import AnswerKeyNames
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
    """A period that has ended without a decision. Where silence proves nothing, ``doubt`` says why.

    ``extended``: whether the clock knew of an extension; absent where this is not known.
    """

    authority: AuthorityId | None = None
    profile: str
    ended_on: date
    fiction_from: date
    deemed: DeemedKind
    certain: bool
    grace_until: date
    extended: bool | None = None
    doubt: SilenceDoubt | None = None


class CaseHeld(Payload):
    """The custody of one case since an instant; while it is parked, ``reason`` says why.

    ``applied`` are the ids of the events already applied (promise 2), the last of them at ``applied_at``.
    ``placed_by`` is the id of the order by which a person moved the case from the clearing desk; absent where the
    directory alone decided. ``delivery`` is the id of the record that brought the case to the authority's inbox.
    ``delivered`` are the instants at which this record and then each supplement were written there. ``handed_on_by``
    are the authorities that returned or forwarded the case: none of them gets it again unless a person says so.
    ``supplements`` are the submissions that were handed in to the case later. ``answer_keys`` are the keys that its
    records named to the authorities; absent where these are not known. Of an ``erased`` case only this marker is kept, so
    that nothing opens it again.
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
    answer_keys: AnswerKeyNames | None = None

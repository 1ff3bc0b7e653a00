"""What happens to a case once its submission has been delivered to an authority or parked."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from shared.events.clock import DeemedKind
from shared.events.payload import AuthorityId, Instant, Payload, Sealed, misplaced
from shared.events.sealed_answer import MOST_MISSING
from shared.events.submission import Assignment, Receipt

OwnId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/-]{1,64}$")]
"""The id that an authority gives its answer; the same id is the same answer."""

AnswerKind = Literal[
    "accepted",
    "information-requested",
    "unreadable",
    "extended",
    "returned",
    "forwarded",
    "decided",
    "certified",
]
ReturnReason = Literal["wrong-place", "wrong-service", "not-competent", "misdirected"]
"""Why an authority hands a case on: wrong place, wrong service, not competent by law, or sent to it by mistake."""

DecisionOutcome = Literal["granted", "refused"]
RefusalReason = Literal[
    "not-in-custody",
    "already-accepted",
    "already-extended",
    "already-decided",
    "withdrawn",
    "already-deemed-approved",
    "not-deemed-approved",
    "unknown-authority",
]
OrderRefusalReason = Literal["unknown-case", "not-parked", "not-unconfirmed", "unknown-authority"]

_ALWAYS_WITH: Mapping[str, tuple[AnswerKind, ...]] = {
    "outcome": ("decided",),
    "items": ("information-requested",),
    "reason": ("returned", "forwarded"),
    "forward_to": ("forwarded",),
    "months": ("extended",),
}
"""By member, the kinds of answer that require it; all other kinds refuse it."""

_MAY_WITH: Mapping[str, tuple[AnswerKind, ...]] = {
    "content": ("accepted", "information-requested", "unreadable", "extended", "decided", "certified"),
    "notice": ("information-requested", "decided"),
}
"""By sealed part, the kinds of answer that may have it; all other kinds refuse it."""


class AnswerGiven(Payload):
    """What an authority says about a case that it holds.

    ``accepted``: it confirms that it holds the case. ``information-requested``: ``items`` things are missing.
    ``returned`` and ``forwarded``: it is not competent, for a ``reason``; ``forwardTo`` names the authority that is.
    ``unreadable``: a file of the applicant cannot be opened (§ 3a Abs. 4 VwVfG). ``extended``: the period is ``months``
    longer because the matter is difficult, once only (§ 42a Abs. 2 VwVfG). ``decided``: with an ``outcome``; the case
    is closed. ``certified``: it certifies that the case is deemed approved (§ 42a Abs. 3 VwVfG).

    What people write is sealed: ``content`` to the platform client (file number, free text, list of what is missing,
    documents), ``notice`` to the notifier (what a message to the applicant has to contain). The keys are in
    ``answerKeys`` of the delivered submission; the plaintexts are ``AnswerContent`` and ``AnswerNotice``.
    """

    kind: AnswerKind
    outcome: DecisionOutcome | None = None
    items: Annotated[int, Field(ge=1, le=MOST_MISSING)] | None = None
    reason: ReturnReason | None = None
    forward_to: AuthorityId | None = None
    months: Annotated[int, Field(ge=1, le=12)] | None = None
    content: Sealed | None = None
    notice: Sealed | None = None
    given_at: Instant

    @model_validator(mode="after")
    def _members_belong_to_the_kind(self) -> Self:
        for member, kinds in _ALWAYS_WITH.items():
            if (getattr(self, member) is not None) != (self.kind in kinds):
                raise misplaced("always_with_kind", "and only then", member, kinds)
        for member, kinds in _MAY_WITH.items():
            if getattr(self, member) is not None and self.kind not in kinds:
                raise misplaced("only_with_kind", "or not at all", member, kinds)
        if self.items is not None and self.notice is None:
            raise misplaced(
                "notice_missing",
                "so that the applicant learns what is missing",
                "notice",
                ("information-requested",),
            )
        return self


class CaseAnswered(Payload):
    """An answer as the doors accepted it; ``authority`` is the one whose token came with it, ``own_id`` its own id."""

    authority: AuthorityId
    own_id: OwnId
    answer: AnswerGiven


class CaseMessage(Payload):
    """The sealed parts of an answer that took effect: for the platform client and for the notifier."""

    receipt: Receipt
    authority: AuthorityId
    kind: AnswerKind
    answer_id: UUID
    outcome: DecisionOutcome | None = None
    content: Sealed | None = None
    notice: Sealed | None = None
    given_at: Instant


class DeliveryFetched(Payload):
    """The authority has confirmed the record ``deliveryId`` of its inbox: it has the content and has not answered yet."""

    authority: AuthorityId
    delivery_id: UUID
    fetched_at: Instant


class CaseFetched(Payload):
    """The authority that holds the case since ``routedAt`` has fetched it from its inbox and has not answered yet."""

    receipt: Receipt
    authority: AuthorityId
    routed_at: Instant
    fetched_at: Instant


class CaseAccepted(Payload):
    """The authority has confirmed that it holds the case."""

    receipt: Receipt
    authority: AuthorityId
    accepted_at: Instant


class InformationRequested(Payload):
    """The authority asks the applicant for ``items`` things that are missing."""

    receipt: Receipt
    authority: AuthorityId
    items: Annotated[int, Field(ge=1)]
    requested_at: Instant


class CaseReturned(Payload):
    """The authority is not competent and hands the case back; another event says who holds it next."""

    receipt: Receipt
    authority: AuthorityId
    reason: ReturnReason
    returned_at: Instant


class CaseForwarded(Payload):
    """The authority is not competent and hands the case on to ``forwardTo``; another event says who holds it next."""

    receipt: Receipt
    authority: AuthorityId
    forward_to: AuthorityId
    reason: ReturnReason
    forwarded_at: Instant


class CaseDecided(Payload):
    """The authority has decided; the case is closed."""

    receipt: Receipt
    authority: AuthorityId
    outcome: DecisionOutcome
    decided_at: Instant


class FileUnreadable(Payload):
    """The authority cannot open a file of the applicant; the applicant is told what it needs instead."""

    receipt: Receipt
    authority: AuthorityId
    told_at: Instant


class PeriodExtended(Payload):
    """The authority has extended its period, once; it counts if the law allows it and the answer came in time."""

    receipt: Receipt
    authority: AuthorityId
    months: int
    extended_at: Instant


class DeemedApprovalCertified(Payload):
    """The authority certifies that the case is deemed approved."""

    receipt: Receipt
    authority: AuthorityId
    fiction_from: date | None = None
    certified_at: Instant


SilenceDoubt = Literal[
    "unconfirmed",
    "incomplete",
    "parked",
    "forwarded",
    "unread-answer",
    "suspended",
    "not-every-case-covered",
]
"""Why silence proves nothing: the authority has not confirmed that it has the case, documents are missing, no authority
holds the case, it was handed on, an answer is in a dead letter, the authority was suspended while it could still have
answered, or the law covers only some cases of the service."""


class CaseDeemedApproved(Payload):
    """The period ended in certain silence: by law the application is deemed approved, and the case is closed.

    ``answersReadTo`` is after the period and its grace; every answer that a door accepted until then had been read.
    """

    receipt: Receipt
    authority: AuthorityId
    deemed: DeemedKind
    profile: str
    period_ended_on: date
    fiction_from: date
    answers_read_to: Instant


class SilenceDoubted(Payload):
    """The period ended, but silence is not certain: the clearing desk looks into it, and nobody else is told."""

    receipt: Receipt
    authority: AuthorityId | None = None
    period_ended_on: date
    reason: SilenceDoubt


class AnswerRefused(Payload):
    """An answer that changes nothing, and why; the authority is told. Earlier routers name neither ``ownId`` nor ``kind``."""

    authority: AuthorityId
    answer_id: UUID
    own_id: OwnId | None = None
    kind: AnswerKind | None = None
    reason: RefusalReason


class OrderRefused(Payload):
    """An order of the clearing desk that changes nothing, and why."""

    order_id: UUID
    reason: OrderRefusalReason


UPDATES: tuple[type[Payload], ...] = (
    CaseFetched,
    CaseAccepted,
    InformationRequested,
    CaseReturned,
    CaseForwarded,
    FileUnreadable,
    PeriodExtended,
    CaseDecided,
    CaseDeemedApproved,
    DeemedApprovalCertified,
    SilenceDoubted,
    AnswerRefused,
    OrderRefused,
)
"""What the router reports about a case that an authority holds."""


class RetryOrdered(Payload):
    """An operator asks the router to decide a parked case again, by the directory now in force."""

    assignment: Assignment


class RedeliverOrdered(Payload):
    """An operator asks the router to deliver again, from what is held, a case that its authority has not confirmed."""

    assignment: Assignment


class AssignOrdered(Payload):
    """A person at the clearing desk names the authority of a case that is parked or has long been unconfirmed."""

    authority: AuthorityId
    assignment: Assignment

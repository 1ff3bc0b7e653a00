"""What happens to a case after its submission lies with an authority or is parked."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from shared.events.clock import DeemedKind
from shared.events.payload import AuthorityId, Instant, Payload, Sealed
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
"""Why an authority hands a case on: the place or service is another's, the law names another, or nobody meant it."""

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
"""Which kinds of answer have each member; those have it always, the others never."""

_MAY_WITH: Mapping[str, tuple[AnswerKind, ...]] = {
    "content": ("accepted", "information-requested", "unreadable", "extended", "decided", "certified"),
    "notice": ("information-requested", "decided"),
}
"""Which kinds of answer may have each sealed part; the others never."""


class AnswerGiven(Payload):
    """What an authority says about a case that it holds.

    ``accepted``: it confirms that it holds the case. ``information-requested``: so many ``items`` are missing.
    ``returned`` and ``forwarded``: it is not competent, for a ``reason``; with ``forwardTo`` it names who is.
    ``unreadable``: a file of the applicant's cannot be opened (§ 3a Abs. 4 VwVfG). ``extended``: its period is so many
    ``months`` longer, since the matter is difficult (§ 42a Abs. 2 VwVfG), once. ``decided``: with an ``outcome``; the case
    is closed. ``certified``: it certifies that the case is deemed approved (§ 42a Abs. 3 VwVfG).

    What people write is sealed: ``content`` to the platform client (file number, free text, list of what is missing,
    documents), ``notice`` to the notifier (what a message to the applicant has to contain). The keys stand in
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
                raise ValueError(f"{to_camel(member)}: given with kind {' or '.join(kinds)}, and only then")
        for member, kinds in _MAY_WITH.items():
            if getattr(self, member) is not None and self.kind not in kinds:
                raise ValueError(f"{member}: given with kind {', '.join(kinds)} only")
        if self.items is not None and self.notice is None:
            raise ValueError("notice: expected with items, so that the applicant learns what is missing")
        return self


class CaseAnswered(Payload):
    """An answer as the doors have taken it; ``authority`` is the one whose token came with it, ``own_id`` its own id."""

    authority: AuthorityId
    own_id: OwnId
    answer: AnswerGiven


class CaseMessage(Payload):
    """The sealed parts of an answer that has had its effect: for the platform client, and for the notifier."""

    receipt: Receipt
    authority: AuthorityId
    kind: AnswerKind
    answer_id: UUID
    outcome: DecisionOutcome | None = None
    content: Sealed | None = None
    notice: Sealed | None = None
    given_at: Instant


class DeliveryFetched(Payload):
    """The authority has confirmed, in its inbox, the record ``deliveryId``: it has the content, and has said nothing yet."""

    authority: AuthorityId
    delivery_id: UUID
    fetched_at: Instant


class CaseFetched(Payload):
    """The authority that has the case since ``routedAt`` has taken it out of its inbox; what it says of it is still to come."""

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
    """The authority asks the applicant for so many things that are missing."""

    receipt: Receipt
    authority: AuthorityId
    items: Annotated[int, Field(ge=1)]
    requested_at: Instant


class CaseReturned(Payload):
    """The authority is not competent and hands the case back; where it lies next is told on its own."""

    receipt: Receipt
    authority: AuthorityId
    reason: ReturnReason
    returned_at: Instant


class CaseForwarded(Payload):
    """The authority is not competent and hands the case on to ``forwardTo``; where it lies next is told on its own."""

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
    """The authority cannot open a file of the applicant's; what it needs instead is told to him."""

    receipt: Receipt
    authority: AuthorityId
    told_at: Instant


class PeriodExtended(Payload):
    """The authority has made its period longer, once; it counts if the law allows it and it was told in time."""

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
"""Why silence shows nothing: the authority has not confirmed that it has the case, documents are missing, the case lies
with no authority, it was handed on, an answer lies in a dead letter, the authority was suspended when it could still have
answered, or the law covers some cases of the service only."""


class CaseDeemedApproved(Payload):
    """The period ended in certain silence, so that the law holds what was asked for as granted; the case is closed.

    Every answer that a door had accepted until ``answersReadTo``, after the period and its grace, had been read.
    """

    receipt: Receipt
    authority: AuthorityId
    deemed: DeemedKind
    profile: str
    period_ended_on: date
    fiction_from: date
    answers_read_to: Instant


class SilenceDoubted(Payload):
    """The period ended, but silence is not certain: a person at the clearing desk looks into it, nobody is told."""

    receipt: Receipt
    authority: AuthorityId | None = None
    period_ended_on: date
    reason: SilenceDoubt


class AnswerRefused(Payload):
    """An answer that changes nothing, and why: the authority sees its mistake, the record keeps it."""

    authority: AuthorityId
    answer_id: UUID
    reason: RefusalReason


class OrderRefused(Payload):
    """A clearing desk's order that changes nothing, and why."""

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
"""What the router tells of a case that lies with an authority."""


class RetryOrdered(Payload):
    """An operator asks the router to decide a parked case again, by the directory now in force."""

    assignment: Assignment


class RedeliverOrdered(Payload):
    """A case that its authority has not confirmed for long is to be put into its inbox again, from what is held."""

    assignment: Assignment


class AssignOrdered(Payload):
    """A person at the clearing desk names the authority of a case that is parked, or unconfirmed for long."""

    authority: AuthorityId
    assignment: Assignment

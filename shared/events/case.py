"""What happens to a case after its submission lies with an authority or is parked."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from shared.events.payload import AuthorityId, Instant, Payload
from shared.events.submission import Assignment, Receipt

_ON_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


def _printable(text: str) -> str:
    """Nothing that steers a screen, and something that can be seen."""
    if not text.isprintable() or not text.strip():
        raise ValueError("printable characters are expected")
    return text


FileNumber = Annotated[
    str, AfterValidator(_printable), StringConstraints(pattern=_ON_ONE_LINE, min_length=1, max_length=64)
]
"""Free text, since it is the authority's own: it may name a person, so it stays off permanent topics."""

MissingItem = Annotated[
    str, AfterValidator(_printable), StringConstraints(pattern=_ON_ONE_LINE, min_length=1, max_length=200)
]
"""What is missing, in the authority's words; like the file number it stays off permanent topics."""

OwnId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/-]{1,64}$")]
"""The id that an authority gives its answer; the same id is the same answer."""

AnswerKind = Literal["accepted", "information-requested", "returned", "forwarded", "decided"]
ReturnReason = Literal["wrong-place", "wrong-service", "not-competent", "misdirected"]
"""Why an authority hands a case on: the place or service is another's, the law names another, or nobody meant it."""

Outcome = Literal["granted", "refused"]
RefusalReason = Literal["not-in-custody", "already-accepted", "already-decided", "unknown-authority"]
OrderRefusalReason = Literal["unknown-case", "not-parked", "unknown-authority"]


_BELONGS_TO: Mapping[str, tuple[AnswerKind, ...]] = {
    "outcome": ("decided",),
    "missing": ("information-requested",),
    "reason": ("returned", "forwarded"),
    "forward_to": ("forwarded",),
}
"""Which kinds of answer have each member; those have it always, the others never."""


class AnswerGiven(Payload):
    """What an authority says about a case that it holds.

    ``accepted``: it confirms that it holds the case. ``information-requested``: something is ``missing``.
    ``returned`` and ``forwarded``: it is not competent, for a ``reason``; with ``forwardTo`` it names who is.
    ``decided``: with an ``outcome``; the case is closed.
    """

    kind: AnswerKind
    outcome: Outcome | None = None
    missing: Annotated[tuple[MissingItem, ...], Field(max_length=20)] = ()
    reason: ReturnReason | None = None
    forward_to: AuthorityId | None = None
    file_number: FileNumber | None = None
    given_at: Instant

    @model_validator(mode="after")
    def _members_belong_to_the_kind(self) -> Self:
        for member, kinds in _BELONGS_TO.items():
            if bool(getattr(self, member)) != (self.kind in kinds):
                raise ValueError(f"{to_camel(member)}: given with kind {' or '.join(kinds)}, and only then")
        return self


class CaseAnswered(Payload):
    """An answer as the doors have taken it; ``authority`` is the one whose token came with it, ``own_id`` its own id."""

    authority: AuthorityId
    own_id: OwnId
    answer: AnswerGiven


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
    outcome: Outcome
    decided_at: Instant


class AnswerRefused(Payload):
    """An answer that changes nothing, and why: the authority sees its mistake, the record keeps it."""

    authority: AuthorityId
    answer_id: UUID
    reason: RefusalReason


class OrderRefused(Payload):
    """A clearing desk's order that changes nothing, and why."""

    order_id: UUID
    reason: OrderRefusalReason


class RetryOrdered(Payload):
    """An operator asks the router to decide a parked case again, by the directory now in force."""

    assignment: Assignment


class AssignOrdered(Payload):
    """A person at the clearing desk names the authority of a parked case."""

    authority: AuthorityId
    assignment: Assignment

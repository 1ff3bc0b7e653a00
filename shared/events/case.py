"""What happens to a case after its submission lies with an authority or is parked."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import StringConstraints, model_validator

from shared.events.payload import AuthorityId, Instant, Payload
from shared.events.submission import Assignment, Receipt

FileNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ./_-]{1,64}$")]
OwnId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/-]{1,64}$")]
"""The id that an authority gives its answer; the same id is the same answer."""

AnswerKind = Literal["accepted", "decided"]
Outcome = Literal["granted", "refused"]
RefusalReason = Literal["not-in-custody", "already-accepted", "already-decided"]
OrderRefusalReason = Literal["unknown-case", "not-parked", "unknown-authority"]


class AnswerGiven(Payload):
    """What an authority says about a case: it accepts it, or decides it."""

    kind: AnswerKind
    outcome: Outcome | None = None
    file_number: FileNumber | None = None
    given_at: Instant

    @model_validator(mode="after")
    def _outcome_belongs_to_a_decision(self) -> Self:
        if (self.outcome is not None) != (self.kind == "decided"):
            raise ValueError("outcome: given with kind decided, and only then")
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
    file_number: FileNumber | None = None
    accepted_at: Instant


class CaseDecided(Payload):
    """The authority has decided; the case is closed."""

    receipt: Receipt
    authority: AuthorityId
    outcome: Outcome
    file_number: FileNumber | None = None
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

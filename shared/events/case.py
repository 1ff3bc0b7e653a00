"""What happens to a case after its submission lies with an authority or is parked."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.events.payload import AuthorityId, Instant, Payload
from shared.events.submission import Assignment, Receipt

FileNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ./_-]{1,64}$")]
Outcome = Literal["granted", "refused"]
RefusalReason = Literal["not-in-custody", "already-decided", "illegal-order"]


class AnswerGiven(Payload):
    """What an authority writes to its outbox: it accepts a case, or decides it."""

    kind: Literal["accepted", "decided"]
    outcome: Outcome | None = None
    file_number: FileNumber | None = None
    given_at: Instant


class CaseAnswered(Payload):
    """An outbox record, stamped with the authority whose topic it came from (its word is not believed)."""

    authority: AuthorityId
    own_id: Annotated[str, Field(max_length=64)]
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


class RetryOrdered(Payload):
    """An operator asks the router to decide a parked case again, by the directory now in force."""

    assignment: Assignment


class AssignOrdered(Payload):
    """A person at the clearing desk names the authority of a parked case."""

    authority: AuthorityId
    assignment: Assignment

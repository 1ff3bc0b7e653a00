"""What an operator orders a service to do; the service that owns the group carries it out."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.events.payload import AuthorityId, Payload, PrincipalId, WireModel

GroupName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,99}$")]
TopicName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{0,199}$")]

CloseReason = Literal["obsolete", "handled-otherwise", "beyond-repair", "expired", "test"]
"""Why a dead letter is given up: words of a list, since free text may name a person and the order is kept for years."""


OperationOutcome = Literal["applied", "failed", "closed", "expired", "not-its-turn", "not-open", "going-on"]
"""What becomes of an order to a group. ``failed``: the record again; the letter stays. ``expired``: the record is gone
from its topic. ``not-its-turn``: another letter of its key comes first. ``not-open``: no such letter is unsettled."""


class RecordPlace(WireModel):
    """Where a record lies: by this its dead letter is known."""

    topic: TopicName
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class ReplayOrdered(Payload):
    """The group is to try the record of a dead letter again, copied from where it lies."""

    group: GroupName
    record: RecordPlace
    principal: PrincipalId


class CloseOrdered(Payload):
    """The group is to settle a dead letter without its record having an effect."""

    group: GroupName
    record: RecordPlace
    reason: CloseReason
    principal: PrincipalId


class CloseCaseOrdered(Payload):
    """The group is to settle every dead letter that holds up a case, also those that have expired."""

    group: GroupName
    case: UUID
    reason: CloseReason
    principal: PrincipalId


class GoOnOrdered(Payload):
    """The group, which has stopped because of too many dead letters, is to go on all the same."""

    group: GroupName
    principal: PrincipalId


class SuspendOrdered(Payload):
    """An authority's login is shut out."""

    authority: AuthorityId
    principal: PrincipalId


class ResumeOrdered(Payload):
    """An authority's login is let in again."""

    authority: AuthorityId
    principal: PrincipalId


class OperationSettled(Payload):
    """What became of an order to a group, said by the group itself with the order's effects.

    ``letters`` counts the dead letters that are done with by it; ``before`` is the record whose turn comes first.
    """

    group: GroupName
    order_id: UUID
    outcome: OperationOutcome
    record: RecordPlace | None = None
    case: UUID | None = None
    before: RecordPlace | None = None
    letters: Annotated[int, Field(ge=0)] = 0


OPERATIONS: tuple[type[Payload], ...] = (
    ReplayOrdered,
    CloseOrdered,
    CloseCaseOrdered,
    GoOnOrdered,
    SuspendOrdered,
    ResumeOrdered,
)

"""Orders of an operator to a service; the service that owns the consumer group carries them out."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.events.payload import AuthorityId, Payload, PrincipalId, WireModel

GroupName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,99}$")]
TopicName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{0,199}$")]

CloseReason = Literal["obsolete", "handled-otherwise", "beyond-repair", "expired", "test"]
"""Why a dead letter is closed: one of a fixed list, because free text may name a person and orders are kept for years."""


OperationOutcome = Literal["applied", "failed", "closed", "expired", "not-its-turn", "not-open", "going-on"]
"""The outcome of an order to a group. ``failed``: the record failed again; its letter stays. ``expired``: the record is
no longer on its topic. ``not-its-turn``: another letter of its key comes first. ``not-open``: no such letter is
unsettled."""


class RecordPlace(WireModel):
    """A record's position; it identifies the record's dead letter."""

    topic: TopicName
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class ReplayOrdered(Payload):
    """The group is to process the record of a dead letter again, read from its original position."""

    group: GroupName
    record: RecordPlace
    principal: PrincipalId


class CloseOrdered(Payload):
    """The group is to settle a dead letter without processing its record."""

    group: GroupName
    record: RecordPlace
    reason: CloseReason
    principal: PrincipalId


class CloseCaseOrdered(Payload):
    """The group is to settle every dead letter that blocks a case, including those that have expired."""

    group: GroupName
    case: UUID
    reason: CloseReason
    principal: PrincipalId


class GoOnOrdered(Payload):
    """The group has stopped because of too many dead letters and is to resume."""

    group: GroupName
    principal: PrincipalId


class SuspendOrdered(Payload):
    """An authority is suspended: its login is refused."""

    authority: AuthorityId
    principal: PrincipalId


class ResumeOrdered(Payload):
    """The suspension of an authority ends: its login is accepted again."""

    authority: AuthorityId
    principal: PrincipalId


class OperationSettled(Payload):
    """The outcome of an order to a group, committed by the group together with the order's effects.

    ``letters`` counts the dead letters that the order settled; ``before`` is the record whose turn comes first.
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

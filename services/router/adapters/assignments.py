"""The console's view of assignments: the last months of ``submission.routed.v1``, followed without a group."""

from collections.abc import Sequence
from typing import Final

import structlog

from services.router.adapters.recent_records import RecentRecords
from services.router.domain.decision.proposals import Assigned, assigned_in
from shared.events.envelope import Undecodable, decode
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress
from shared.kafka.records import Record
from shared.telemetry.health import Condition

_DAYS_BACK: Final = 90
_MOST: Final = 20_000
_ASSIGNED: Final = b'"assignment":{'
"""Most submissions are routed without a person: they are told by their bytes, which are ours and without white space."""


class FollowedAssignments(RecentRecords[Assigned]):
    """`services.router.ports.console.Assignments`; ``run`` keeps it up to date."""

    def __init__(self, address: KafkaAddress, *, condition: Condition) -> None:
        super().__init__(
            address, topic=SUBMISSION_ROUTED.name, days=_DAYS_BACK, most=_MOST, condition=condition
        )

    def assigned(self) -> Sequence[Assigned]:
        return sorted(self._known(), key=lambda each: each.at)

    def _read(self, record: Record) -> Assigned | None:
        try:
            return assignment_in(record)
        except Undecodable as error:
            structlog.get_logger().error("assignment not read", part="assignments", error=error)
            return None


def assignment_in(record: Record) -> Assigned | None:
    """The assignment that a record of the topic tells of, if it does.

    Raises:
        Undecodable: it is no event of this topic.
    """
    if record.value is None or _ASSIGNED not in record.value:
        return None
    return assigned_in(decode(record.value, record.headers, SUBMISSION_ROUTED.payloads))

"""The console's view of assignments: the last months of ``submission.routed.v1``, followed without a group."""

from collections import deque
from collections.abc import Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer

from services.router.domain.decision.proposals import Assigned, assigned_in
from shared.errors import Unavailable
from shared.events.envelope import Undecodable, decode
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound, follow_records
from shared.kafka.records import Record
from shared.kafka.since import seek_last_days
from shared.telemetry.health import Condition

_DAYS_BACK: Final = 90
_ROUND_MS: Final = 1000
_MOST: Final = 20_000
_ASSIGNED: Final = b'"assignment":{'
"""Most submissions are routed without a person: they are told by their bytes, which are ours and without white space."""


class FollowedAssignments:
    """`services.router.ports.console.Assignments`; ``run`` keeps it up to date."""

    def __init__(self, address: KafkaAddress, *, condition: Condition) -> None:
        self._address = address
        self._condition = condition
        self._kept: deque[Assigned] = deque(maxlen=_MOST)
        self._built = False

    def assigned(self) -> Sequence[Assigned]:
        if not self._built:
            raise Unavailable(f"{SUBMISSION_ROUTED.name}: the view is being built; try again")
        return sorted(self._kept, key=lambda each: each.at)

    async def run(self) -> None:
        """Follow until cancelled; after a failure the view is built anew."""
        await follow_records(self._address, self, round_ms=_ROUND_MS)

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        await seek_last_days(consumer, self._address, SUBMISSION_ROUTED.name, days=_DAYS_BACK)

    async def take(self, round_: TopicRound) -> None:
        for record in round_.records:
            self._take(record)
        if round_.complete and not self._built:
            self._built = True
            self._condition.set("ready")

    async def lost(self, failure: Exception) -> None:
        self._built = False
        self._kept.clear()
        reason = f"{SUBMISSION_ROUTED.name} cannot be read: {type(failure).__name__}"
        self._condition.set("degraded", reason=reason)

    def _take(self, record: Record) -> None:
        try:
            found = assignment_in(record)
        except Undecodable as error:
            structlog.get_logger().error("assignment not read", part="assignments", error=error)
            return
        if found is not None:
            self._kept.append(found)


def assignment_in(record: Record) -> Assigned | None:
    """The assignment that a record of the topic tells of, if it does.

    Raises:
        Undecodable: it is no event of this topic.
    """
    if record.value is None or _ASSIGNED not in record.value:
        return None
    return assigned_in(decode(record.value, record.headers, SUBMISSION_ROUTED.payloads))

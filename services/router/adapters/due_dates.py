"""The doors' view of what is due: the last weeks of ``case.clock.v1``, followed without a group."""

from collections import OrderedDict
from typing import Final
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer

from services.router.domain.cases.due import Due, due_by, graver
from shared.events.envelope import Undecodable, decode
from shared.events.topics import CASE_CLOCK
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound, follow_records
from shared.kafka.since import seek_last_days
from shared.telemetry.health import Condition

_DAYS_BACK: Final = 60
_ROUND_MS: Final = 1000
_MOST: Final = 200_000


class FollowedDueDates:
    """`services.router.ports.DueDates`; ``run`` keeps it up to date. Without it a list lacks a hint, nothing else."""

    def __init__(self, address: KafkaAddress, *, condition: Condition) -> None:
        self._address = address
        self._condition = condition
        self._due: OrderedDict[UUID, Due] = OrderedDict()

    def of(self, case: UUID) -> Due | None:
        return self._due.get(case)

    async def run(self) -> None:
        """Follow until cancelled; what is read again says the same."""
        await follow_records(self._address, self, round_ms=_ROUND_MS)

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        await seek_last_days(consumer, self._address, CASE_CLOCK.name, days=_DAYS_BACK)

    async def take(self, round_: TopicRound) -> None:
        for record in round_.records:
            try:
                event = decode(record.value, record.headers, CASE_CLOCK.payloads)
            except Undecodable as error:
                structlog.get_logger().error("clock not read", part="due dates", error=error)
                continue
            if (told := due_by(event.data)) is not None:
                self._keep(event.case_id, told)
        if round_.complete:
            self._condition.set("ready")

    async def lost(self, failure: Exception) -> None:
        reason = f"{CASE_CLOCK.name} cannot be read: {type(failure).__name__}"
        self._condition.set("degraded", reason=reason)

    def _keep(self, case: UUID, told: Due) -> None:
        self._due[case] = graver(self._due.get(case), told)
        self._due.move_to_end(case)
        while len(self._due) > _MOST:
            self._due.popitem(last=False)

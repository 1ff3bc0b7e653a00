"""The console's view of answers without effect: the last days of ``case.updated.v1``, followed without a group."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer

from shared.case_history.lines import HistoryLine, line
from shared.errors import Unavailable
from shared.events.case import AnswerRefused
from shared.events.envelope import Undecodable, decode, event_type
from shared.events.topics import CASE_UPDATED
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound, follow_records
from shared.kafka.records import Record
from shared.kafka.since import seek_last_days
from shared.telemetry.health import Condition

DAYS_BACK: Final = 14
_ROUND_MS: Final = 1000
_MOST: Final = 10_000
_REFUSED: Final = ("ce_type", event_type(AnswerRefused).encode())


class FollowedRefusals:
    """`services.router.ports.console.RefusedAnswers`; ``run`` keeps it up to date."""

    def __init__(
        self, address: KafkaAddress, *, condition: Condition, seconds: Callable[[], float] = time.time
    ) -> None:
        self._address = address
        self._condition = condition
        self._seconds = seconds
        self._kept: deque[HistoryLine] = deque(maxlen=_MOST)
        self._built = False

    def refused(self) -> Sequence[HistoryLine]:
        if not self._built:
            raise Unavailable(f"{CASE_UPDATED.name}: the view is being built; try again")
        since = self._seconds() - DAYS_BACK * 86_400
        return sorted(
            (each for each in self._kept if each.at.timestamp() >= since),
            key=lambda each: each.at,
            reverse=True,
        )

    async def run(self) -> None:
        """Follow until cancelled; after a failure the view is built anew."""
        await follow_records(self._address, self, round_ms=_ROUND_MS)

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        await seek_last_days(consumer, self._address, CASE_UPDATED.name, days=DAYS_BACK)

    async def take(self, round_: TopicRound) -> None:
        for record in round_.records:
            if (found := refusal_in(record)) is not None:
                self._kept.append(found)
        if round_.complete and not self._built:
            self._built = True
            self._condition.set("ready")

    async def lost(self, failure: Exception) -> None:
        self._built = False
        self._kept.clear()
        reason = f"{CASE_UPDATED.name} cannot be read: {type(failure).__name__}"
        self._condition.set("degraded", reason=reason)


def refusal_in(record: Record) -> HistoryLine | None:
    """The line of an answer without effect, if the record tells of one that can be read."""
    if _REFUSED not in record.headers:
        return None
    try:
        return line(decode(record.value, record.headers, CASE_UPDATED.payloads))
    except Undecodable as error:
        structlog.get_logger().error("refusal not read", part="refusals", error=error)
        return None

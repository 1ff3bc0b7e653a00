"""The last days of one topic, followed without a group: the base of the console's views."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

from aiokafka import AIOKafkaConsumer

from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound, follow_records
from shared.kafka.records import Record
from shared.kafka.since import seek_last_days
from shared.telemetry.health import Condition

T = TypeVar("T")

_ROUND_MS: Final = 1000


class RecentRecords(ABC, Generic[T]):
    """Keeps what `_read` finds in the last ``days`` of a topic, and of that the newest ``most``; ``run`` keeps it up to date."""

    def __init__(
        self, address: KafkaAddress, *, topic: str, days: int, most: int, condition: Condition
    ) -> None:
        self._address = address
        self._topic = topic
        self._days = days
        self._condition = condition
        self._kept: deque[T] = deque(maxlen=most)
        self._built = False

    @abstractmethod
    def _read(self, record: Record) -> T | None:
        """What the record tells, if anything; one that cannot be read is logged and passed over."""

    def _known(self) -> Sequence[T]:
        """What is kept, in the order of reading.

        Raises:
            Unavailable: the view is not built yet.
        """
        if not self._built:
            raise Unavailable(f"{self._topic}: the view is being built; try again")
        return self._kept

    async def run(self) -> None:
        """Follow until cancelled; after a failure the view is built anew."""
        await follow_records(self._address, self, round_ms=_ROUND_MS)

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        await seek_last_days(consumer, self._address, self._topic, days=self._days)

    async def take(self, round_: TopicRound) -> None:
        for record in round_.records:
            if (found := self._read(record)) is not None:
                self._kept.append(found)
        if round_.complete and not self._built:
            self._built = True
            self._condition.set("ready")

    async def lost(self, failure: Exception) -> None:
        self._built = False
        self._kept.clear()
        reason = f"{self._topic} cannot be read: {type(failure).__name__}"
        self._condition.set("degraded", reason=reason)

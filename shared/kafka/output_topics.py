"""Which output topics can be written to now; what is missing is reported and parked for, never guessed at."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.errors import Unavailable
from shared.kafka.records import partition_of

_WARMING_SECONDS: Final = 3.0
_RECHECK_SECONDS: Final = 30.0


class OutputTopics:
    """The engine's output topics with their partition counts.

    Shared by the engine, which looks them up, and the service, which asks ``available`` before it decides.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._looked_up: frozenset[str] = frozenset()
        self._counts: dict[str, int] = {}
        self._denied: dict[str, float] = {}
        self._checked = 0.0

    def expect(self, *names: str) -> None:
        """Look these up too, for example when the directory names a new authority."""
        if new := set(names) - self._names:
            self._names |= new
            self._checked = 0.0

    def available(self, topic: str) -> bool:
        """Whether the topic exists and lets us write, as far as is known."""
        return topic in self._counts and topic not in self._denied

    def certainly_available(self, topic: str) -> bool:
        """The same, for a decision that must not rest on what has not been looked at.

        Raises:
            Unavailable: the topic has been expected just now; it is looked up before the next batch.
        """
        if topic in self._names and topic not in self._looked_up:
            raise Unavailable(f"topic {topic} has not been looked up yet")
        return self.available(topic)

    def unavailable(self) -> list[str]:
        """The topics that are not available."""
        return sorted(name for name in self._names if not self.available(name))

    def deny(self, topics: Iterable[str]) -> None:
        """Kafka has refused a write; believe it for half a minute."""
        for topic in topics:
            self._denied[topic] = time.monotonic()

    def partition(self, topic: str, key: bytes) -> int:
        """The partition of a key.

        Raises:
            LookupError: the topic is not available.
        """
        if topic not in self._counts:
            raise LookupError(f"topic {topic} does not exist or is not ours to write to")
        return partition_of(key, self._counts[topic])

    def count(self, topic: str) -> int:
        """The topic's partitions, 0 if it is missing."""
        return self._counts.get(topic, 0)

    @property
    def due(self) -> bool:
        """Whether some topic was missing long enough ago to look again."""
        return bool(self.unavailable()) and time.monotonic() - self._checked > _RECHECK_SECONDS

    async def warm(self, producer: AIOKafkaProducer) -> None:
        """Fetch the metadata of every topic at once into this producer.

        Without it the first send to each topic waits for a request of its own and tears the transaction into
        pieces: a tenth of the throughput until all have been seen.
        """
        expected = frozenset(self._names)
        # What is not there would be waited for, so first ask for all that is.
        known = (await producer.client.fetch_all_metadata()).topics()
        names = sorted(expected & known)
        found = await asyncio.gather(*(_count(producer, name) for name in names))
        now = time.monotonic()
        # What the directory has named meanwhile has not been looked at: that is due at once, not in half a minute.
        self._checked = now if expected == self._names else 0.0
        self._counts = {name: count for name, count in zip(names, found, strict=True) if count}
        self._looked_up = expected
        self._denied = {t: at for t, at in self._denied.items() if now - at < _RECHECK_SECONDS}
        if missing := self.unavailable():
            # Topics and ACLs first, directory entry second: then this is never seen.
            structlog.get_logger().warning("topics missing", topics=missing[:10], count=len(missing))


async def _count(producer: AIOKafkaProducer, topic: str) -> int:
    """The number of partitions, or 0 if the topic is missing or not ours."""
    try:
        return len(await asyncio.wait_for(producer.partitions_for(topic), _WARMING_SECONDS))
    except (KafkaError, TimeoutError):
        return 0

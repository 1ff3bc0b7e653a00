"""Which output topics can be written to now: there, certainly not there, or not known; never guessed at."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.errors import Unavailable
from shared.kafka.records import partition_of
from shared.telemetry.metrics import Telemetry

_LOOK_SECONDS: Final = 3.0
_RECHECK_SECONDS: Final = 30.0
_UNKNOWN_RECHECK_SECONDS: Final = 2.0
_FRESH_SECONDS: Final = 1.0
"""All units of a session open at once: one asks for all of them."""

_PROOF_SECONDS: Final = 10.0
"""How far two looks must be apart: one broker may not have heard of a topic yet that the others have."""


class OutputTopics:
    """The engine's output topics with their partition counts.

    Shared by the engine, which looks them up, and the service, which asks ``certainly_available`` before it decides.
    A topic that two looks have not found is absent; an answer that did not come says nothing.
    """

    def __init__(self, names: Iterable[str], *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._names = set(names)
        self._seconds = seconds
        self._counts: dict[str, int] = {}
        self._led: dict[str, Any] = {}
        self._missed: dict[str, float] = {}
        self._absent: set[str] = set()
        self._denied: dict[str, float] = {}
        self._checked = float("-inf")
        self._told: list[str] = []
        self._looking = asyncio.Lock()

    def expect(self, *names: str) -> None:
        """Look these up too, for example when the directory names a new authority."""
        if new := set(names) - self._names:
            self._names |= new
            self._checked = float("-inf")

    def available(self, topic: str) -> bool:
        """Whether the topic exists and lets us write, as far as is known."""
        return topic in self._counts and topic not in self._denied

    def certainly_available(self, topic: str) -> bool:
        """The same, for a decision that must not rest on what is not known; a topic that nobody has named yet is expected now.

        Raises:
            Unavailable: nobody has told yet whether the topic is there; it is asked again soon.
        """
        if self.available(topic):
            return True
        if topic in self._absent or topic in self._denied:
            return False
        self.expect(topic)
        raise Unavailable(f"it is not known yet whether topic {topic} exists")

    def unavailable(self) -> list[str]:
        """The topics that are not available, as far as is known."""
        return sorted(self._names - self._counts.keys() | self._names & self._denied.keys())

    def show(self, telemetry: Telemetry, *, group: str) -> None:
        """Have the number of topics that are not available measured whenever somebody asks."""
        telemetry.follow("unavailable_topics", lambda: len(self.unavailable()), group=group)

    def deny(self, topics: Iterable[str]) -> None:
        """Kafka has refused a write; believe it for half a minute."""
        for topic in topics:
            self._denied[topic] = self._seconds()

    def partition(self, topic: str, key: bytes) -> int:
        """The partition of a key.

        Raises:
            LookupError: the topic is not available.
            Unavailable: it is expected, and nobody has told yet whether it is there.
        """
        if topic not in self._counts:
            if topic in self._names - self._absent:
                raise Unavailable(f"it is not known yet whether topic {topic} exists")
            raise LookupError(f"topic {topic} does not exist or is not ours to write to")
        return partition_of(key, self._counts[topic])

    def count(self, topic: str) -> int:
        """The topic's partitions, 0 if it is missing."""
        return self._counts.get(topic, 0)

    @property
    def due(self) -> bool:
        """Whether some topic was missing, or not told about, long enough ago to look again."""
        missing = self.unavailable()
        unknown = any(name not in self._absent and name not in self._denied for name in missing)
        pause = _UNKNOWN_RECHECK_SECONDS if unknown else _RECHECK_SECONDS
        return bool(missing) and self._seconds() - self._checked > pause

    async def look(self, producer: AIOKafkaProducer) -> None:
        """Ask for all topics in one request, unless another unit has just done so."""
        async with self._looking:
            if self._seconds() - self._checked < _FRESH_SECONDS and not self.due:
                return
            expected = frozenset(self._names)
            found = await _partitions(producer)
            now = self._seconds()
            # What the directory has named meanwhile has not been looked at: that is due at once, not in half a minute.
            self._checked = now if expected == self._names else float("-inf")
            self._denied = {t: at for t, at in self._denied.items() if now - at < _RECHECK_SECONDS}
            if found is not None:
                self._led = {name: found[name] for name in expected & found.keys()}
                for name in expected:
                    self._take(name, len(self._led.get(name, ())), now)
            self._tell(self.unavailable())

    async def meet(self, producer: AIOKafkaProducer, topics: Iterable[str]) -> None:
        """Have the producer know these topics before it sends to them: from the last look, or else in one request.

        Without it the first send to each waits for a request, which asks for all topics that the producer knows, and tears
        the transaction into pieces. Topics that a producer never writes to are not known to it, and not asked for again
        every few minutes. A leader that has changed since the look is asked for when it refuses.
        """
        client, waiting = producer.client, []
        for topic in topics:
            if client.cluster.partitions_for_topic(topic) is not None:
                continue
            if (led := self._led.get(topic)) is None:
                waiting.append(client.add_topic(topic))
            else:
                client.cluster._partitions[topic] = led  # noqa: SLF001 - as the answer to a request would
                client._topics.add(topic)  # noqa: SLF001 - so that it is asked for with the others from now on
        if waiting:
            await asyncio.wait(waiting, timeout=_LOOK_SECONDS)

    def _tell(self, missing: list[str]) -> None:
        """Say what is missing once, whenever that has changed. Topics and ACLs first, directory entry second: then nothing is."""
        if missing == self._told:
            return
        self._told, log = missing, structlog.get_logger()
        if missing:
            log.warning("topics missing", topics=missing[:10], count=len(missing))
        else:
            log.info("no topics missing")

    def _take(self, name: str, count: int, now: float) -> None:
        """Take in what one look has told: the topic's partitions, 0 for one that was not found."""
        if count:
            self._counts[name] = count
            self._missed.pop(name, None)
            self._absent.discard(name)
        elif now - self._missed.setdefault(name, now) >= _PROOF_SECONDS:
            self._absent.add(name)
            self._counts.pop(name, None)


async def _partitions(producer: AIOKafkaProducer) -> Mapping[str, Any] | None:
    """The partitions, with their leaders, of each topic that a broker lets us see; None if it has not told."""
    try:
        metadata = await asyncio.wait_for(producer.client.fetch_all_metadata(), _LOOK_SECONDS)
    except (KafkaError, TimeoutError):
        return None
    led: Mapping[str, Any] = metadata._partitions  # noqa: SLF001 - it has no public way to ask for all
    return led

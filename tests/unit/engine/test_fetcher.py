"""How an engine asks Kafka where nobody waits for the result."""

from types import SimpleNamespace
from typing import Any

from aiokafka.structs import ConsumerRecord, TopicPartition

from shared.engine.fetcher import EnginePace, Fetcher
from shared.kafka.client import KafkaAddress
from shared.kafka.following import FetchPace

BUSY, QUIET = (65_536, 250), (1, 1000)


class Consumer:
    """Two partitions, and what comes of each; `asks` is how the next fetch would be sent."""

    def __init__(self) -> None:
        self.come: dict[TopicPartition, list[Any]] = {}
        self._fetcher = SimpleNamespace(_fetch_min_bytes=0, _fetch_max_wait_ms=0)

    @property
    def asks(self) -> tuple[int, int]:
        return self._fetcher._fetch_min_bytes, self._fetcher._fetch_max_wait_ms

    def seek(self, tp: TopicPartition, at: int) -> None:
        """Do as if."""

    def resume(self, *_: TopicPartition) -> None:
        """Do as if."""

    async def getmany(self, *partitions: TopicPartition, **_: int) -> dict[TopicPartition, list[Any]]:
        return {tp: found for tp in partitions if (found := self.come.pop(tp, []))}


def a_record(tp: TopicPartition) -> ConsumerRecord:
    return ConsumerRecord(tp.topic, tp.partition, 0, 0, 0, b"k", b"v", None, -1, -1, ())


async def test_a_quiet_engine_is_asked_seldom_and_a_busy_one_gathers() -> None:
    consumer: Any = Consumer()
    now = 0.0
    pace = EnginePace(FetchPace(250), seconds=lambda: now)
    units = [TopicPartition("t", number) for number in range(2)]
    first, second = (
        Fetcher(consumer, frozenset({tp}), address=KafkaAddress(bootstrap=""), pace=pace) for tp in units
    )
    first.start({units[0]: 0})
    second.start({units[1]: 0})

    assert await first.take(10, until=0.0) == []
    assert consumer.asks == QUIET

    consumer.come[units[1]] = [a_record(units[1])]
    assert len(await second.take(10)) == 1
    assert await first.take(10, until=0.0) == []
    assert consumer.asks == BUSY, "a unit without records does not end the other's gathering"

    now = 1.5
    assert await first.take(10, until=0.0) == []
    assert consumer.asks == QUIET

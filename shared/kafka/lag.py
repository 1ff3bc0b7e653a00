"""How far a group is behind, measured from outside: also when it stands still and commits nothing."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.events.topics import ConsumerGroup, consumed_by
from shared.kafka.client import KafkaAddress, close, reader
from shared.telemetry.health import Condition, Health
from shared.telemetry.metrics import Telemetry

_EVERY_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 10.0

ReadOffsets = Callable[[], Awaitable[Mapping[TopicPartition, int]]]
"""The next offset of each partition as the group has stored it; one never read is left out."""


class LagWatcher:
    """Every two seconds: end offsets minus stored ones, summed by topic into a metric.

    What it cannot measure it does not show as zero: the part is degraded, and the last figure stays.
    """

    def __init__(
        self,
        address: KafkaAddress,
        *,
        group: str,
        partitions: Sequence[TopicPartition],
        stored: ReadOffsets,
        condition: Condition,
        telemetry: Telemetry,
    ) -> None:
        self._address = address
        self._group = group
        self._partitions = [*partitions]
        self._stored = stored
        self._condition = condition
        self._telemetry = telemetry

    async def run(self) -> None:
        """Measure until cancelled; whoever runs this begins it anew after a failure.

        Raises:
            Unavailable: Kafka or the store does not answer.
        """
        consumer = reader(self._address, committed=False)
        try:
            await consumer.start()
            while True:
                await self._measure(consumer)
                self._condition.set("ready")
                await asyncio.sleep(_EVERY_SECONDS)
        except (KafkaError, TimeoutError, Unavailable) as away:
            self._condition.set("degraded", reason="the lag cannot be measured")
            raise Unavailable(f"{self._group}: the lag cannot be measured: {type(away).__name__}") from away
        finally:
            await close(consumer)

    async def _measure(self, consumer: AIOKafkaConsumer) -> None:
        async with asyncio.timeout(_ANSWER_SECONDS):
            ends: Mapping[TopicPartition, int] = await consumer.end_offsets(self._partitions)
            firsts: Mapping[TopicPartition, int] = await consumer.beginning_offsets(self._partitions)
            stored = await self._stored()
        behind: defaultdict[str, int] = defaultdict(int)
        for tp in self._partitions:
            behind[tp.topic] += max(0, ends[tp] - max(firsts[tp], stored.get(tp, 0)))
        for topic, lag in behind.items():
            self._telemetry.set("lag_records", lag, group=self._group, topic=topic)


def lag_of(
    group: ConsumerGroup,
    *,
    address: KafkaAddress,
    stored: ReadOffsets | None = None,
    health: Health,
    telemetry: Telemetry,
) -> LagWatcher:
    """The watcher of a group of the catalogue; without ``stored`` its offsets are those committed to Kafka."""
    partitions = [
        TopicPartition(topic.name, n) for topic in consumed_by(group) for n in range(topic.partitions)
    ]
    return LagWatcher(
        address,
        group=group,
        partitions=partitions,
        stored=stored or committed_offsets(address, group=group, partitions=partitions),
        condition=health.part("lag"),
        telemetry=telemetry,
    )


def committed_offsets(
    address: KafkaAddress, *, group: str, partitions: Sequence[TopicPartition]
) -> ReadOffsets:
    """What the group has committed to Kafka; asking joins no group."""

    async def read() -> Mapping[TopicPartition, int]:
        asking = AIOKafkaConsumer(**address.arguments(), group_id=group, enable_auto_commit=False)
        try:
            await asking.start()
            asking.assign([*partitions])
            found = {tp: await asking.committed(tp) for tp in partitions}
            return {tp: offset for tp, offset in found.items() if offset is not None}
        finally:
            await close(asking)

    return read

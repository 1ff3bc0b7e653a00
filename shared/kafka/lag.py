"""The lag of a group, measured from outside, so that it is known even when the group has stopped."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.events.topics import ConsumerGroup, consumed_by
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import unread
from shared.telemetry.health import Condition, Health
from shared.telemetry.metrics import Telemetry

_EVERY_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 10.0
_FEW: Final = 100
"""So many offsets behind may be nothing but transaction markers; a group that is further behind has records to read."""

ReadOffsets = Callable[[], Awaitable[Mapping[TopicPartition, int]]]
"""The next offset of each partition as stored by the group; partitions never read are left out."""


AskPartitions = Callable[[], Awaitable[Sequence[TopicPartition]]]
"""What is measured; asked for at the beginning."""


class LagWatcher:
    """Every two seconds: end offsets minus stored ones, summed by topic into a metric.

    Without ``stored`` Kafka is asked for what the group has committed, which joins no group.
    If it cannot measure, the part is degraded and the last figure stays; it never shows zero instead.
    """

    def __init__(
        self,
        address: KafkaAddress,
        *,
        group: str,
        partitions: AskPartitions,
        stored: ReadOffsets | None,
        condition: Condition,
        telemetry: Telemetry,
    ) -> None:
        self._address = address
        self._group = group
        self._ask_partitions = partitions
        self._partitions: Sequence[TopicPartition] = ()
        self._stored = stored
        self._condition = condition
        self._telemetry = telemetry
        self._seen: dict[TopicPartition, tuple[int, int]] = {}
        self._empty: dict[TopicPartition, tuple[int, int]] = {}
        self._holds: dict[TopicPartition, tuple[int, int]] = {}

    async def run(self) -> None:
        """Measure until cancelled. After a failure the caller starts it again.

        Raises:
            Unavailable: Kafka or the store does not answer.
        """
        group = self._group if self._stored is None else None
        consumer = reader(self._address, committed=False, group=group)
        try:
            await consumer.start()
            self._partitions = await self._ask_partitions()
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
            stored = await (self._stored() if self._stored else committed_offsets(consumer, self._partitions))
        behind: defaultdict[str, int] = defaultdict(int)
        positions = {tp: max(firsts[tp], stored.get(tp, 0)) for tp in self._partitions}
        await self._look_behind({tp: (at, ends[tp]) for tp, at in positions.items() if at < ends[tp]})
        for tp, at in positions.items():
            nothing = self._empty.get(tp) == (at, ends[tp])
            behind[tp.topic] += 0 if nothing else max(0, ends[tp] - at)
        for topic, lag in behind.items():
            self._telemetry.set("lag_records", lag, group=self._group, topic=topic)

    async def _look_behind(self, spans: Mapping[TopicPartition, tuple[int, int]]) -> None:
        """Find out where only the marks of transactions are left: they take an offset each, and nobody consumes them.

        Only what has rested since the last look is read, and only once.
        """
        resting = {tp: span for tp, span in spans.items() if self._seen.get(tp) == span}
        self._seen, self._empty = dict(spans), {tp: e for tp, e in self._empty.items() if tp in spans}
        unknown = {
            tp: span
            for tp, span in resting.items()
            if self._empty.get(tp) != span and self._holds.get(tp) != span and span[1] - span[0] <= _FEW
        }
        if not unknown:
            return
        consumer = reader(self._address)
        try:
            await consumer.start()
            starts, ends = ({tp: span[n] for tp, span in unknown.items()} for n in (0, 1))
            found = await unread(consumer, starts=starts, ends=ends)
        finally:
            await close(consumer)
        for tp, span in unknown.items():
            (self._holds if tp in found else self._empty)[tp] = span


def lag_of(
    group: ConsumerGroup,
    *,
    address: KafkaAddress,
    stored: ReadOffsets | None = None,
    health: Health,
    telemetry: Telemetry,
) -> LagWatcher:
    """The watcher of a group of the catalogue; without ``stored`` its offsets are those committed to Kafka."""
    partitions = partial(partitions_of, address, *(topic.name for topic in consumed_by(group)))
    return LagWatcher(
        address,
        group=group,
        partitions=partitions,
        stored=stored,
        condition=health.part("lag"),
        telemetry=telemetry,
    )


async def committed_offsets(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> Mapping[TopicPartition, int]:
    """What the consumer's group has committed, in one request; its own `committed` would take one for each partition."""
    found = await consumer._coordinator.fetch_committed_offsets([*partitions])  # noqa: SLF001 - it has no public way to ask for many
    return {tp: at.offset for tp, at in found.items()}

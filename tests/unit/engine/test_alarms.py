"""What the engine does when something is wrong is what the alarms of deploy/alerts.yaml ring for."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from shared.engine.assignment import Unit
from shared.engine.consumer_lag import ConsumerLag
from shared.engine.consumer_loop import ConsumerLoop
from shared.engine.failure_policy import FailurePolicy
from shared.engine.partition_task import PartitionTask, PausedPartitions, TaskContext, UnitMemory
from shared.engine.plan import Plan
from shared.engine.sink import Work
from shared.engine.supervision import Supervision
from shared.engine.topic_ids import TopicIds
from shared.errors import Unavailable, Undecodable
from shared.kafka.client import KafkaAddress
from shared.kafka.described_topics import DescribedCluster, DescribedTopic
from shared.kafka.records import Record
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry
from tests.support.alarms import rings
from tests.unit.engine.memory_sink import GROUP, MemoryTransaction

TP = TopicPartition("in", 0)
PLAN = Plan(group=GROUP, inputs=("in",), dead_letters="dead")


class Partition:
    """A consumer of one partition that begins at ``first``."""

    def __init__(self, *values: bytes, first: int = 0) -> None:
        self.records = [
            ConsumerRecord("in", 0, first + n, 0, 0, b"k%d" % n, value, None, -1, -1, ())
            for n, value in enumerate(values)
        ]
        self.first = self.position = first
        self.paused = False

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(partitions, self.first)

    async def getmany(
        self, *_: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> Mapping[TopicPartition, Sequence[Any]]:
        ready = [] if self.paused else [r for r in self.records if r.offset >= self.position][:max_records]
        if not ready:
            await asyncio.sleep(min(timeout_ms / 1000, 0.001))
            return {}
        self.position = ready[-1].offset + 1
        return {TP: ready}

    def seek(self, _: TopicPartition, position: int) -> None:
        self.position = position

    def pause(self, *_: TopicPartition) -> None:
        self.paused = True

    def resume(self, *_: TopicPartition) -> None:
        self.paused = False

    def last_stable_offset(self, _: TopicPartition) -> int:
        return self.first + len(self.records)


class Sink:
    """Keeps nothing; may fail when it is opened."""

    portion = 10

    def __init__(self, *, stored: int = 0, opens: bool = True) -> None:
        self.stored = stored
        self.opens = opens
        self.transaction = MemoryTransaction(judge)

    async def open(self, *_: object) -> Mapping[TopicPartition, int]:
        if not self.opens:
            raise Unavailable("the store is away")
        return {TP: self.stored}

    async def transact(self, records: Sequence[Record], work: Work) -> None:
        await work(self.transaction)

    def due(self) -> float | None:
        return None

    async def punctuate(self) -> None:
        raise AssertionError("nothing is due")

    async def close(self) -> None:
        """Nothing is open."""


def judge(record: Record) -> None:
    if record.value == b"!":
        raise Undecodable("an exclamation mark")
    if record.value == b"~":
        raise Unavailable("something is away")


async def described() -> DescribedCluster:
    return DescribedCluster(1, {"in": DescribedTopic(UUID(int=1), 1, 1)})


@asynccontextmanager
async def at_work(partition: Partition, sink: Sink, *, failures: int = 40) -> AsyncIterator[Telemetry]:
    """One unit at work on the partition until the test has seen enough."""
    telemetry = Telemetry()
    supervision = Supervision(
        GROUP,
        condition=Condition(),
        telemetry=telemetry,
        failures_before_exit=failures,
        first_pause_seconds=0.0001,
    )
    context = TaskContext(
        plan=PLAN,
        address=KafkaAddress(bootstrap="nowhere:0"),
        lags=ConsumerLag(GROUP, telemetry),
        topics=TopicIds(described, group=GROUP, copies=Condition()),
        paused=PausedPartitions(GROUP, telemetry),
        telemetry=telemetry,
    )
    memory = UnitMemory(sink=sink, policy=FailurePolicy(PLAN), supervised=supervision.unit(0))
    unit: Unit = frozenset({TP})
    task = PartitionTask(context, memory, cast("AIOKafkaConsumer", partition), 0, unit)
    running = asyncio.ensure_future(task.run())
    try:
        yield telemetry
    finally:
        running.cancel()
        await asyncio.wait({running})


async def until_rings(alert: str, telemetry: Telemetry) -> None:
    async with asyncio.timeout(20):
        while not rings(alert, telemetry):  # noqa: ASYNC110 - it is the metrics that are asked
            await asyncio.sleep(0.001)


async def test_a_record_that_cannot_be_read_rings_for_dead_letters() -> None:
    async with at_work(Partition(b"!"), Sink()) as telemetry:
        await until_rings("AmtswegDeadLetters", telemetry)


async def test_records_that_expired_unread_ring() -> None:
    async with at_work(Partition(b"late", first=5), Sink(stored=2)) as telemetry:
        await until_rings("AmtswegExpiredUnread", telemetry)


async def test_a_partition_that_is_held_back_rings_also_when_nothing_is_committed() -> None:
    async with at_work(Partition(b"~"), Sink()) as telemetry:
        await until_rings("AmtswegPartitionsPaused", telemetry)
        assert telemetry.registry.get_sample_value("amtsweg_records_total", {"group": GROUP}) is None


async def test_a_unit_that_fails_again_and_again_rings() -> None:
    async with at_work(Partition(), Sink(opens=False)) as telemetry:
        await until_rings("AmtswegTaskReopens", telemetry)


async def test_a_group_far_behind_rings_for_lag() -> None:
    telemetry = Telemetry()
    ConsumerLag(GROUP, telemetry).note({TP: 2000})
    shown = telemetry.exposition()

    assert rings("AmtswegLagGrows", shown, before=shown)
    assert not rings("AmtswegLagGrows", shown)  # a moment is no trend


async def test_sessions_that_end_again_and_again_ring() -> None:
    telemetry = Telemetry()
    supervision = Supervision(
        GROUP, condition=Condition(), telemetry=telemetry, failures_before_exit=8, first_pause_seconds=0.0001
    )

    async def session() -> None:
        raise OSError("away")

    async def never() -> None:
        raise AssertionError("nothing was stopped")

    try:
        async with asyncio.timeout(20):
            await ConsumerLoop(supervision, until_go_on=never).run(session)
    except OSError:
        assert rings("AmtswegSessionsEnd", telemetry)


async def test_two_units_that_hold_back_are_counted_together_and_none_hides_the_other() -> None:
    telemetry = Telemetry()
    paused = PausedPartitions(GROUP, telemetry)
    for unit, count in ((0, 2), (1, 1), (2, 0)):
        paused.show(unit, count)

    assert telemetry.registry.get_sample_value("amtsweg_paused_partitions", {"group": GROUP}) == 3

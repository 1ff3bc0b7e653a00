"""The work on one unit: open, fetch, process, commit; after a failure close, wait, and reopen on the same consumer."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.engine.assignment import Unit
from shared.engine.batch import BatchAttempt, BatchOutcome
from shared.engine.consumer_lag import ConsumerLag, series
from shared.engine.failure_policy import FailurePolicy
from shared.engine.fetcher import ConsumerFailed, EnginePace, Fetcher
from shared.engine.handled_records import log_lines, trace
from shared.engine.origins import TopicOrigins
from shared.engine.plan import Plan
from shared.engine.sink import Replaced, Sink, SinkTransaction
from shared.engine.supervision import Supervised
from shared.engine.topic_ids import TopicIds
from shared.errors import Stopped, Unavailable
from shared.kafka.client import KafkaAddress
from shared.kafka.records import Record
from shared.telemetry.metrics import Telemetry

REVOKE_SECONDS = 15.0


class PausedPartitions:
    """How many partitions are held back after a failure, over all units of the group in this process."""

    def __init__(self, group: str, telemetry: Telemetry) -> None:
        self._group = group
        self._telemetry = telemetry
        self._by_unit: dict[int, int] = {}

    def show(self, unit: int, count: int) -> None:
        """Set the count of one unit and the metric."""
        self._by_unit[unit] = count
        self._telemetry.set("paused_partitions", sum(self._by_unit.values()), group=self._group)

    def clear(self) -> None:
        """Forget all counts: a new session begins."""
        self._by_unit.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What all tasks of an engine share."""

    plan: Plan
    address: KafkaAddress
    lags: ConsumerLag
    topics: TopicIds
    paused: PausedPartitions
    telemetry: Telemetry
    pace: EnginePace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMemory:
    """What survives reopenings and sessions while a unit is assigned to this process."""

    sink: Sink
    policy: FailurePolicy
    supervised: Supervised
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the running task: a cancelled one may take time to end, and its successor waits for it."""


class PartitionTask:
    """Works on one unit until cancelled; it raises only what a new consumer may cure, or too many failures in a row."""

    def __init__(
        self, context: TaskContext, memory: UnitMemory, consumer: AIOKafkaConsumer, number: int, unit: Unit
    ) -> None:
        self._plan = context.plan
        self._number = number
        self._context = context
        self._memory = memory
        self._sink = memory.sink
        self._consumer = consumer
        self._unit = unit
        self._fetcher = Fetcher(consumer, unit, address=context.address, pace=context.pace)
        self._origins = TopicOrigins(context.address)
        self._log = structlog.get_logger().bind(group=context.plan.group, partition=number)

    async def run(self) -> None:
        """Open and work, again and again.

        Raises:
            Stopped: going on would do harm.
            Replaced, ConsumerFailed: the session must end.
            Exception: the last of too many failures in a row.
        """
        async with self._memory.alone:
            await self._until_cancelled()

    async def _until_cancelled(self) -> None:
        while True:
            try:
                await self._work()
            except (Stopped, Replaced, ConsumerFailed):
                raise
            except asyncio.CancelledError:
                current = asyncio.current_task()
                if current is None or current.cancelling():
                    raise
                # aiokafka lets the cancellation of its own background tasks through.
                error: Exception = Unavailable("cancelled by the Kafka client, not by us")
            except Exception as failed:  # noqa: BLE001 - after any failure the unit is reopened
                error = failed
            finally:
                await self._sink.close()
                await self._origins.close()
            self._consumer.pause(*self._unit)
            seconds = self._memory.supervised.failed(error)
            self._context.telemetry.count("tasks_reopened", group=self._plan.group)
            await asyncio.sleep(seconds)

    async def _work(self) -> None:
        topics = self._context.topics
        await topics.refresh()
        positions = await self._sink.open(self._consumer, self._unit, topics)
        firsts = await self._consumer.beginning_offsets(list(self._unit))
        self._report_expired({tp: firsts[tp] - positions[tp] for tp in self._unit})
        self._fetcher = Fetcher(
            self._consumer, self._unit, address=self._context.address, pace=self._context.pace
        )
        self._fetcher.start({tp: max(positions[tp], firsts[tp]) for tp in self._unit})
        self._memory.supervised.opened()
        self._log.info("unit opened")
        while True:
            began = time.monotonic()
            records = await self._fetcher.take(
                self._plan.batch_size, linger=self._plan.batch_wait.total_seconds(), until=self._sink.due()
            )
            if records:
                await self._batch(records)
            if (due := self._sink.due()) is not None and due <= time.monotonic():
                await settled(asyncio.ensure_future(self._sink.punctuate()), seconds=REVOKE_SECONDS)
            if 0 < len(records) < self._plan.batch_size:
                # Many tiny transactions are what costs the broker most.
                await asyncio.sleep(began + self._plan.minimum_period.total_seconds() - time.monotonic())

    async def _batch(self, records: list[Record]) -> None:
        began = time.perf_counter()
        policy = self._memory.policy
        together = policy.together(records)
        self._fetcher.give_back(records[len(together) :])
        batch = BatchAttempt(
            together,
            plan=self._plan,
            policy=policy,
            telemetry=self._context.telemetry,
            origins=self._origins,
        )

        async def work(transaction: SinkTransaction) -> Sequence[Record]:
            return (await batch.run(transaction, portion=self._sink.portion)).done

        await settled(asyncio.ensure_future(self._sink.transact(together, work)), seconds=REVOKE_SECONDS)
        outcome = batch.outcome
        for held in outcome.held_back.values():
            self._fetcher.hold_back(held)
        if outcome.held_back:  # even where nothing is committed
            self._context.paused.show(self._number, self._fetcher.held_back)
        policy.committed([*outcome.done, *outcome.tried_again], outcome.marks)
        if outcome.done:
            self._committed(outcome, seconds=time.perf_counter() - began)
        if outcome.stop is not None:
            raise Stopped(outcome.stop)

    def _committed(self, outcome: BatchOutcome, *, seconds: float) -> None:
        context, group = self._context, self._plan.group
        for topic, count in Counter(series(record.topic) for record in outcome.done).items():
            context.telemetry.count("records", count, group=group, topic=topic)
        self._fetcher.recovered({TopicPartition(r.topic, r.partition) for r in outcome.done})
        self._memory.supervised.progressed()
        context.telemetry.observe("batch_seconds", seconds, group=group)
        context.paused.show(self._number, self._fetcher.held_back)
        context.lags.note(self._fetcher.lag())
        trace(outcome.done, group=group, seconds=seconds)
        for handled in log_lines(outcome.done):
            self._log.info(
                "batch committed", records=len(handled), ms=round(1000 * seconds, 1), handled=handled
            )

    def _report_expired(self, missed: Mapping[TopicPartition, int]) -> None:
        for tp, count in missed.items():
            if count > 0:
                self._log.error("records expired unread", topic=tp.topic, count=count)
                labels = {"group": self._plan.group, "topic": series(tp.topic)}
                self._context.telemetry.count("expired_records", count, **labels)


async def settled(task: "asyncio.Future[None]", *, seconds: float) -> None:
    """Await a task; if cancelled, wait for it at most so many more seconds and then let the cancellation through.

    For transactions: one that is cancelled during its commit may still be committed, and nobody would know.
    """
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=seconds)
        if task.done() and not task.cancelled():
            task.exception()
        raise

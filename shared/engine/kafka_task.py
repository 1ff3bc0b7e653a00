"""One task of the Kafka-to-Kafka engine: its partitions, its producer, its state, one transaction per batch."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import (
    CorruptRecordException,
    IllegalOperation,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from aiokafka.structs import TopicPartition

from shared.engine.assignment import EVERYTHING, Unit
from shared.engine.batch_processor import BatchProcessor, Decided
from shared.engine.compacted_lookup import CompactedTopicReader
from shared.engine.consumer_lag import ConsumerLag, series
from shared.engine.consumer_loop import REVOKE_SECONDS, ConsumerLoop
from shared.engine.failures import FailureCounts
from shared.engine.fetcher import Fetcher, settled
from shared.engine.plan import Plan
from shared.engine.state_store import Overlay, merge
from shared.engine.transaction_batch import Place, TransactionBatch, offset_of
from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, close, transactional_producer
from shared.kafka.dead_letters import Blocked
from shared.kafka.output_topics import OutputTopics
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Message, Record
from shared.telemetry.logs import describe
from shared.telemetry.metrics import Telemetry

_TRANSACTION_SECONDS: Final = 30.0
_RECORDS_FAULT: Final = (MessageSizeTooLargeError, CorruptRecordException, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What all tasks of an engine share."""

    plan: Plan
    address: KafkaAddress
    outputs: OutputTopics
    decider: BatchProcessor
    suspects: FailureCounts
    sessions: ConsumerLoop
    lags: ConsumerLag
    telemetry: Telemetry


class StreamTask:
    """Works on one unit from its opening until cancelled; any error leaves it to be opened anew."""

    def __init__(self, shared: TaskContext, consumer: AIOKafkaConsumer, number: int, unit: Unit) -> None:
        self._shared = shared
        self._plan = shared.plan
        self._consumer = consumer
        self._number = number
        self._unit = unit
        self._feed = Fetcher(consumer, unit, address=shared.address)
        self._states: dict[str, bytes] = {}
        self._blocked = Blocked()
        self._lookup = self._make_lookup()
        self._remembered = {self._plan.dead_letters, self._plan.lookup_topic}
        self._producer = transactional_producer(
            shared.address,
            # One id per partition, never per process: it is what shuts a former owner out.
            transactional_id=self._plan.group if number == EVERYTHING else f"{self._plan.group}.{number}",
            timeout_ms=int(1000 * self._plan.transaction_timeout.total_seconds()),
        )
        self._log = structlog.get_logger().bind(group=self._plan.group, partition=number)

    async def run(self) -> None:
        """Open, then take, decide and commit batch after batch."""
        try:
            await self._open()
            while True:
                began = time.monotonic()
                records = await self._feed.take(self._plan.batch_size)
                await self._batch(records)
                if len(records) < self._plan.batch_size:
                    # Tiny transactions cost the broker most.
                    await asyncio.sleep(began + self._plan.minimum_period.total_seconds() - time.monotonic())
        finally:
            if self._lookup is not None:
                await self._lookup.close()
            await close(self._producer.stop())

    async def _open(self) -> None:
        # 1. Fence: the previous owner's transaction is ended or settled when this returns.
        await self._producer.start()
        await self._shared.outputs.warm(self._producer)
        # 2. Only then read what is committed.
        await self._restore()
        firsts = await self._consumer.beginning_offsets(list(self._unit))
        committed = {tp: await self._consumer.committed(tp) for tp in self._unit}
        self._report_expired({tp: firsts[tp] - at for tp, at in committed.items() if at is not None})
        if self._shared.outputs.due:
            await self._shared.outputs.warm(self._producer)
        # 3. Take up reading.
        self._feed.start({tp: max(at or 0, firsts[tp]) for tp, at in committed.items()})
        self._shared.sessions.opened()
        self._log.info("unit opened", count=len(self._states))

    async def _restore(self) -> None:
        letters = self._plan.dead_letters
        if not self._shared.outputs.available(letters):
            raise Unavailable(f"topic {letters} does not exist or is not ours to write to")
        starts = {TopicPartition(letters, p): 0 for p in range(self._shared.outputs.count(letters))}
        if self._plan.state_topic is not None:
            starts[TopicPartition(self._plan.state_topic, self._number)] = 0
        async for records in read_to_end(self._shared.address, starts):
            for record in records:
                if record.topic == letters:
                    self._blocked.note(record)
                else:
                    merge(self._states, {(record.key or b"").decode(): record.value})

    async def _batch(self, records: list[Record]) -> None:
        together = self._shared.suspects.isolated(records)
        self._feed.give_back(records[len(together) :])
        began = time.perf_counter()
        overlay = Overlay(self._states)
        decided = await self._shared.decider.decide(
            together, overlay, blocked=self._blocked, lookup=self._lookup
        )
        for held, seconds in decided.held_back.values():
            self._feed.hold_back(held, seconds=seconds)
        if decided.done:
            committing = asyncio.ensure_future(self._transact(decided, overlay))
            await settled(committing, seconds=REVOKE_SECONDS)
            self._committed(decided, seconds=time.perf_counter() - began)
        if self._shared.outputs.due:
            await self._shared.outputs.warm(self._producer)

    async def _transact(self, decided: Decided, overlay: Overlay) -> None:
        consignment = TransactionBatch(self._producer)
        try:
            async with asyncio.timeout(_TRANSACTION_SECONDS):
                try:
                    noted = await self._write(decided, overlay, consignment)
                except IllegalOperation:
                    # Refused while records were still being added; asking to commit it tells why.
                    await self._producer.commit_transaction()
                    raise
        except TopicAuthorizationFailedError as refused:
            topics = refused.args[0]
            self._shared.outputs.deny({topics} if isinstance(topics, str) else topics)
            raise
        finally:
            consignment.forget()
        # Confirmed. After a crash before this line the next opening restores what was committed.
        merge(self._states, overlay.changes)
        for message, place in noted:
            self._note(message, offset=offset_of(place))

    async def _write(
        self, decided: Decided, overlay: Overlay, consignment: TransactionBatch
    ) -> list[tuple[Message, Place]]:
        await self._producer.begin_transaction()
        noted = self._pack(decided, overlay, consignment)
        # Before the offsets: while the coordinator takes these in, the broker cannot verify the transaction of
        # a produce request, refuses it, and the client tries again a tenth of a second later.
        await consignment.send()
        await self._producer.send_offsets_to_transaction(
            {TopicPartition(r.topic, r.partition): r.offset + 1 for r in decided.done}, self._plan.group
        )
        # A rejected record does not fail the commit: it would be gone, its cause acknowledged.
        for parcel in consignment:
            if (error := parcel.error) is not None:
                raise self._judged(error, cause=parcel.first, topic=parcel.tp.topic)
        await self._producer.commit_transaction()
        return noted

    def _pack(
        self, decided: Decided, overlay: Overlay, consignment: TransactionBatch
    ) -> list[tuple[Message, Place]]:
        """Pack outputs and states; return where those lie whose offsets will be needed."""
        noted: list[tuple[Message, Place]] = []
        for cause, message in decided.outputs:
            try:
                tp = TopicPartition(message.topic, self._partition(message))
                place = consignment.add(
                    tp, key=message.key, value=message.value, headers=message.headers, cause=cause
                )
            except _RECORDS_FAULT as error:
                raise self._judged(error, cause=cause, topic=message.topic) from error
            if message.topic in self._remembered:
                noted.append((message, place))
        state = TopicPartition(self._plan.state_topic, self._number)
        for key, value in overlay.changes.items():
            consignment.add(state, key=key.encode(), value=value)
        return noted

    def _partition(self, message: Message) -> int:
        if message.topic == self._plan.lookup_topic:
            return self._number
        return self._shared.outputs.partition(message.topic, message.key)

    def _judged(self, error: BaseException, *, cause: Record | None, topic: str) -> BaseException:
        """Hold it against the record if a failed send is its fault; the session ends with it in any case.

        Recovery inside this producer is not reliable: a rejected batch spoils its partition's sequence.
        """
        if cause is not None and isinstance(error, _RECORDS_FAULT):
            self._shared.suspects.failed(cause, reason=f"{describe(error)}, output to {topic}")
        return error

    def _note(self, message: Message, *, offset: int) -> None:
        """Keep in memory what a committed message means for later records."""
        if message.topic == self._plan.dead_letters:
            self._blocked.note(
                Record(message.topic, 0, offset, 0, message.key, message.value, message.headers)
            )
        elif message.topic == self._plan.lookup_topic and self._lookup is not None:
            self._lookup.note({message.key.decode(): None if message.value is None else offset})

    def _committed(self, decided: Decided, *, seconds: float) -> None:
        shared, group = self._shared, self._plan.group
        for record in decided.done:
            shared.suspects.passed(record)
        for topic, count in Counter(series(record.topic) for record in decided.done).items():
            shared.telemetry.count("records", count, group=group, topic=topic)
        self._feed.recovered({TopicPartition(r.topic, r.partition) for r in decided.done})
        shared.sessions.progressed()
        shared.telemetry.observe("batch_seconds", seconds, group=group)
        shared.telemetry.set("paused_partitions", self._feed.held_back, group=group)
        shared.lags.note(self._feed.lag())
        self._log.info("batch committed", records=len(decided.done), ms=round(1000 * seconds, 1))

    def _report_expired(self, missed: Mapping[TopicPartition, int]) -> None:
        for tp, count in missed.items():
            if count > 0:
                self._log.error("records expired unread", topic=tp.topic, count=count)
                self._shared.telemetry.count(
                    "expired_records", count, group=self._plan.group, topic=series(tp.topic)
                )

    def _make_lookup(self) -> CompactedTopicReader | None:
        if self._plan.lookup_topic is None:
            return None
        return CompactedTopicReader(
            self._shared.address, TopicPartition(self._plan.lookup_topic, self._number)
        )

"""One unit's way out through Kafka: its producer, its states, one transaction per batch."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.structs import TopicPartition

from shared.engine.assignment import EVERYTHING, Unit
from shared.engine.compacted_lookup import CompactedTopicReader
from shared.engine.failure_policy import FailurePolicy
from shared.engine.group_offsets import GroupOffsets
from shared.engine.kafka_transaction import Commit, KafkaTransaction
from shared.engine.plan import Plan
from shared.engine.processor import InputsRead, Processor, Punctuate
from shared.engine.sink import Replaced, Work
from shared.engine.state_store import (
    LEFT_OUT,
    POSITIONS,
    TOPIC_IDS,
    Overlay,
    StateStore,
    left_out_state,
    positions_state,
    topic_ids_state,
)
from shared.engine.topic_ids import TopicIds
from shared.engine.transaction_batch import offset_of
from shared.errors import Stopped, Unavailable
from shared.kafka.client import KafkaAddress, close, transactional_producer
from shared.kafka.dead_letters import letter_key
from shared.kafka.output_topics import OutputTopics
from shared.kafka.read_to_end import place_of_fault, read_to_end
from shared.kafka.records import Message, Record
from shared.telemetry.metrics import Telemetry

PUNCTUATED_KEYS: Final = 500
_ENDS_SECONDS: Final = 5.0
_MARK_EVERY: Final = 4
"""Intervals of `Punctuate` between two questions for the inputs' ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSinkContext:
    """What all Kafka sinks of an engine share."""

    plan: Plan
    processor: Processor
    punctuate: Punctuate | None
    address: KafkaAddress
    outputs: OutputTopics
    offsets: GroupOffsets
    telemetry: Telemetry


class KafkaSink:
    """One unit's ``Sink``: its transactional producer is the fence, its state topic the memory."""

    portion: Final = 1

    def __init__(self, context: KafkaSinkContext, number: int, policy: FailurePolicy) -> None:
        self._context = context
        self._plan = context.plan
        self._number = number
        self._policy = policy
        self._store = StateStore()
        self._positions: dict[TopicPartition, int] = {}
        self._doubtful = False
        self._lookup: CompactedTopicReader | None = None
        self._producer: AIOKafkaProducer | None = None
        self._sweep: Iterator[list[str]] = iter(())
        self._due = time.monotonic()
        self._marked: tuple[datetime, Mapping[TopicPartition, int]] | None = None
        self._read_until: datetime | None = None
        self._mark_due = 0.0
        self._consumer: AIOKafkaConsumer | None = None
        self._log = structlog.get_logger().bind(group=self._plan.group, partition=number)

    async def open(
        self, consumer: AIOKafkaConsumer, unit: Unit, topics: TopicIds
    ) -> Mapping[TopicPartition, int]:
        context, plan = self._context, self._plan
        self._producer = transactional_producer(
            context.address,
            # One id per partition, never per process: it is what shuts a former owner out.
            transactional_id=plan.group if self._number == EVERYTHING else f"{plan.group}.{self._number}",
            timeout_ms=int(1000 * plan.transaction_timeout.total_seconds()),
        )
        # 1. Fence: the previous owner's transaction is ended or settled when this returns.
        await self._producer.start()
        await context.outputs.look(self._producer)
        for letters in plan.letter_topics:
            if not context.outputs.available(letters):
                raise Unavailable(f"topic {letters} does not exist or is not ours to write to")
        # 2. Only then read what is committed.
        lost = await self._restore()
        topics.leave_out(lost.values())
        anew = topics.anew(self._store.topic_ids())
        self._positions = await self._stored_positions(consumer, unit, anew)
        ids = {**self._store.topic_ids(), **topics.now}
        if plan.state_topic is not None and (
            lost or self._store.positions() is None or ids != self._store.topic_ids()
        ):
            # From the first opening on, states never lie there without them.
            own: dict[str, bytes | None] = {
                POSITIONS: positions_state(self._positions),
                TOPIC_IDS: topic_ids_state(ids),
            }
            if lost:
                own[LEFT_OUT] = left_out_state(self._store.left_out() | lost.keys())
            await self._commit((), own, ())
            self._doubtful = False
        self._consumer, self._marked = consumer, None
        self._note(self._positions)
        if context.outputs.due:
            await context.outputs.look(self._producer)
        if plan.lookup_topic is not None:
            self._lookup = CompactedTopicReader(
                context.address, TopicPartition(plan.lookup_topic, self._number)
            )
        return self._positions

    async def transact(self, records: Sequence[Record], work: Work) -> None:  # noqa: ARG002 - offsets go last here
        transaction = KafkaTransaction(self._plan, self._context.processor, self._store, self._lookup)
        done = await work(transaction)
        if done:
            await self._commit(
                transaction.outputs, transaction.overlay.changes | transaction.engine_changes, done
            )
        if self._context.outputs.due and self._producer is not None:
            await self._context.outputs.look(self._producer)

    def due(self) -> float | None:
        idle = self._context.punctuate is None and self._plan.state_topic is None
        return None if idle else self._due

    async def punctuate(self) -> None:
        """Tell the group's offsets, and give the service the next states; what it raises leaves everything as it is."""
        self._due = time.monotonic() + self._plan.punctuate_interval.total_seconds()
        if self._consumer is not None:
            await self._context.offsets.tell(self._consumer)
        if self._context.punctuate is None:
            return
        keys = next(self._sweep, None)
        if keys is None:
            self._sweep = _slices([*self._store.states])
            await self._mark_ends()
            self._context.telemetry.set(
                "state_keys", len(self._store.states), group=self._plan.group, partition=str(self._number)
            )
            return
        overlay = Overlay(self._store.states)
        try:
            messages = self._punctuated(keys, overlay)
        except Exception as error:  # noqa: BLE001 - the service's own; records must not wait for it
            self._log.error("punctuate failed", error=error)
            return
        if messages or overlay.changes:
            await self._commit([(None, message) for message in messages], overlay.changes, ())

    def _punctuated(self, keys: Sequence[str], overlay: Overlay) -> list[Message]:
        reading = InputsRead(
            until=self._read_until, blocked=lambda key: bool(self._store.blocks(letter_key(key.encode())))
        )
        punctuate = self._context.punctuate
        return [] if punctuate is None else [*punctuate(keys, overlay, reading)]

    async def _mark_ends(self) -> None:
        """Note where the inputs end now; once all that has been committed, it is known how far they are read."""
        if self._marked is not None:
            at, ends = self._marked
            if any(self._positions.get(tp, 0) < end for tp, end in ends.items()):
                return
            self._read_until = at
        now, consumer = datetime.now(UTC), self._consumer
        if consumer is None or time.monotonic() < self._mark_due:
            return
        self._mark_due = self._due + _MARK_EVERY * self._plan.punctuate_interval.total_seconds()
        try:
            async with asyncio.timeout(_ENDS_SECONDS):
                self._marked = now, await consumer.end_offsets([*self._positions])
        except (KafkaError, TimeoutError) as away:
            self._log.warning("the inputs' ends are not known", error=away)

    async def close(self) -> None:
        self._consumer = None
        producer, self._producer = self._producer, None
        lookup, self._lookup = self._lookup, None
        if lookup is not None:
            await lookup.close()
        if producer is not None:
            await close(producer)

    async def _restore(self) -> Mapping[int, str]:
        """Restore the states; return the places that cannot be read, and that no operator has given up before."""
        faults: dict[int, str] = {}
        if self._plan.state_topic is None:
            return faults
        tp = TopicPartition(self._plan.state_topic, self._number)
        if self._doubtful:
            self._store, self._doubtful = StateStore(), False
        starts = {tp: self._store.restorable_from()}
        async for records in read_to_end(self._context.address, starts, faults=True):
            for record in records:
                if record.fault is None:
                    self._store.restored(record)
                else:
                    # Until this place is on record, the next opening must meet it again.
                    self._doubtful, faults[record.offset] = True, place_of_fault(record)
        lost = {offset: place for offset, place in faults.items() if offset not in self._store.left_out()}
        self._doubtful = bool(lost)
        return lost

    async def _stored_positions(
        self, consumer: AIOKafkaConsumer, unit: Unit, anew: frozenset[str]
    ) -> dict[TopicPartition, int]:
        firsts: dict[TopicPartition, int] = await consumer.beginning_offsets(list(unit))
        # Without a state topic, memory may lag behind a commit whose answer was lost.
        stored = None if self._plan.state_topic is None else self._store.positions()
        if stored is None:
            committed = {tp: await consumer.committed(tp) for tp in unit}
            stored = {tp: at for tp, at in committed.items() if at is not None}
            if self._plan.state_topic is not None and (stored or self._store.states):
                raise self._lost(read=bool(stored))
        return {tp: firsts[tp] if tp.topic in anew else stored.get(tp, firsts[tp]) for tp in unit}

    def _lost(self, *, read: bool) -> Stopped:
        what = (
            "is empty, although the inputs have been read: it was lost or created anew; restore it, or delete the group"
            if read
            else "holds states, but nothing tells how far the inputs have been read; restore it as a whole, or empty it"
        )
        return Stopped(f"{self._plan.state_topic}, partition {self._number}: {what} to begin anew")

    async def _commit(
        self,
        messages: Sequence[tuple[Record | None, Message]],
        states: dict[str, bytes | None],
        done: Sequence[Record],
    ) -> None:
        producer = self._producer
        if producer is None:
            raise Unavailable("the unit has been closed meanwhile")
        offsets = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in done}
        positions = self._positions | offsets
        if offsets:
            states = states | {POSITIONS: positions_state(positions)}
        commit = Commit(
            producer, plan=self._plan, number=self._number, outputs=self._context.outputs, policy=self._policy
        )
        with _fenced():
            objects, last = await commit.run(
                messages, states, offsets if self._plan.state_topic is None else {}
            )
        if self._producer is not producer:
            return  # it has been opened anew while the answer was awaited, and has read this from the topic
        # Confirmed. After a crash before this line the next opening restores what was committed.
        self._store.merge(states, position=None if last is None else offset_of(last) + 1)
        self._positions = positions
        self._note(offsets)
        if self._lookup is not None:
            self._lookup.note(
                {m.key.decode(): None if m.value is None else offset_of(place) for m, place in objects}
            )

    def _note(self, positions: Mapping[TopicPartition, int]) -> None:
        if self._plan.state_topic is not None:
            self._context.offsets.note(positions)


def _slices(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), PUNCTUATED_KEYS):
        yield keys[start : start + PUNCTUATED_KEYS]


@contextmanager
def _fenced() -> Iterator[None]:
    try:
        yield
    except ProducerFenced as fenced:
        # Also when Kafka has timed the transaction out: to start another producer would throw the true owner out.
        raise Replaced(type(fenced).__name__) from fenced

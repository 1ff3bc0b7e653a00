"""A batch's outputs, states and next offsets in one Kafka transaction, while it is filled and when it is committed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    CorruptRecordException,
    IllegalOperation,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from aiokafka.structs import TopicPartition

from shared.engine.compacted_lookup import CompactedTopicReader
from shared.engine.failure_policy import DeadLetterVerdict, FailurePolicy
from shared.engine.plan import Plan
from shared.engine.processor import Processor
from shared.engine.sink import UnsettledLetter
from shared.engine.state_store import (
    Overlay,
    StateStore,
    blocking_key,
    is_blocking,
    origin_of,
    unread_key,
)
from shared.engine.transaction_batch import PackedAt, TransactionBatch
from shared.kafka.dead_letters import letter_key, place_of, superseded
from shared.kafka.output_topics import OutputTopics
from shared.kafka.records import Message, Record
from shared.telemetry.logs import describe

_TRANSACTION_SECONDS: Final = 30.0
_RECORDS_FAULT: Final = (MessageSizeTooLargeError, CorruptRecordException, LookupError, TypeError, ValueError)


class KafkaTransaction:
    """``SinkTransaction`` over an overlay of the unit's states; nothing is sent before ``commit``."""

    def __init__(
        self, plan: Plan, processor: Processor, store: StateStore, lookup: CompactedTopicReader | None
    ) -> None:
        self._plan = plan
        self._processor = processor
        self._store = store
        self._lookup = lookup
        self.overlay = Overlay(store.states)
        self.outputs: list[tuple[Record | None, Message]] = []
        self.engine_changes: dict[str, bytes | None] = {}
        self._log = structlog.get_logger().bind(group=plan.group)

    def blocks(self, record: Record) -> bool:
        if record.key is None or not (self._store.any_blocked or self.engine_changes):
            return False
        return bool(self._blocking(letter_key(record.key)))

    async def apply(self, records: Sequence[Record]) -> None:
        for record in records:
            with self.overlay.savepoint():
                if self._lookup is not None and (wanted := self._processor.wants(record, self.overlay)):
                    self.overlay.fetched = await self._lookup.fetch(wanted)
                messages = [*self._processor.on_record(record, self.overlay)]
            self.outputs += [(record, message) for message in messages]
            if self.overlay.superseded:
                self._supersede(record, self.overlay.superseded)

    async def set_aside(self, record: Record, verdict: DeadLetterVerdict) -> None:
        self.outputs.append((record, verdict.letter(record, self._plan)))
        if verdict.kind == "internal-error" and record.key is not None:
            self.engine_changes[blocking_key(place_of(record))] = letter_key(record.key)
        else:
            self.engine_changes[unread_key(place_of(record))] = b"-"
        if verdict.poisoned:
            self._park(record)

    async def unsettled(self, origin: str) -> UnsettledLetter | None:
        key = self._engine_state(blocking_key(origin))
        if key is not None:
            return UnsettledLetter(first=next(iter(self._blocking(key))))
        return None if self._engine_state(unread_key(origin)) is None else UnsettledLetter(first=origin)

    async def blocking(self, key: bytes) -> Sequence[str]:
        return self._blocking(letter_key(key))

    async def report(self, told: Message, *, settles: str | None = None) -> None:
        self.outputs.append((None, told))
        if settles is not None:
            self._settle(settles)

    def _settle(self, origin: str) -> None:
        for name in (blocking_key(origin), unread_key(origin)):
            if self._engine_state(name) is not None:
                self.engine_changes[name] = None

    def _supersede(self, record: Record, topics: Sequence[str]) -> None:
        for origin in self._blocking(letter_key(record.key)):
            if origin.rsplit("/", 2)[0] in topics:
                self.outputs.append((None, superseded(to=self._plan.dead_letters, place=origin)))
                self._settle(origin)

    def _blocking(self, key: bytes) -> list[str]:
        """The origins of the letters that block this key, the oldest first."""
        before = [o for o in self._store.blocks(key) if blocking_key(o) not in self.engine_changes]
        return before + [
            origin_of(name)
            for name, value in self.engine_changes.items()
            if value == key and is_blocking(name)
        ]

    def _engine_state(self, name: str) -> bytes | None:
        if name in self.engine_changes:
            return self.engine_changes[name]
        return self._store.engine_state(name)

    def _park(self, record: Record) -> None:
        try:
            with self.overlay.savepoint():
                messages = [*self._processor.on_poisoned(record, self.overlay)]
        except Exception as error:  # noqa: BLE001 - whatever fails here, the dead letter must be written
            self._log.warning("poisoned record cannot be parked either", topic=record.topic, error=error)
        else:
            self.outputs += [(record, message) for message in messages]


class Commit:
    """Sends what a transaction holds, and commits it."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        *,
        plan: Plan,
        number: int,
        outputs: OutputTopics,
        policy: FailurePolicy,
    ) -> None:
        self._producer = producer
        self._plan = plan
        self._outputs = outputs
        self._policy = policy
        self._number = number

    async def run(
        self,
        messages: Sequence[tuple[Record | None, Message]],
        states: Mapping[str, bytes | None],
        offsets: Mapping[TopicPartition, int],
    ) -> tuple[list[tuple[Message, PackedAt]], PackedAt | None]:
        """Return where lookup objects and the last state lie, once all is committed."""
        batch = TransactionBatch(self._producer)
        try:
            async with asyncio.timeout(_TRANSACTION_SECONDS):
                try:
                    await self._producer.begin_transaction()
                    placed = self._pack(messages, states, batch)
                    await self._outputs.meet(self._producer, {each.tp.topic for each in batch})
                    await self._send(batch, offsets)
                    await self._producer.commit_transaction()
                except IllegalOperation:
                    # Refused while records were still being added; asking to commit it tells why.
                    await self._producer.commit_transaction()
                    raise
        except TopicAuthorizationFailedError as refused:
            topics = refused.args[0]
            self._outputs.deny({topics} if isinstance(topics, str) else topics)
            raise
        finally:
            batch.forget()
        return placed

    async def _send(self, batch: TransactionBatch, offsets: Mapping[TopicPartition, int]) -> None:
        # Before the offsets: while the coordinator takes these in, the broker cannot verify the transaction of
        # a produce request, refuses it, and the client tries again a tenth of a second later.
        await batch.send()
        if offsets:
            await self._producer.send_offsets_to_transaction(dict(offsets), self._plan.group)
        # A rejected record does not fail the commit: it would be gone, its cause acknowledged.
        for each in batch:
            if (error := each.error) is not None:
                raise self._judged(error, cause=each.first, topic=each.tp.topic)

    def _pack(
        self,
        messages: Sequence[tuple[Record | None, Message]],
        states: Mapping[str, bytes | None],
        batch: TransactionBatch,
    ) -> tuple[list[tuple[Message, PackedAt]], PackedAt | None]:
        objects: list[tuple[Message, PackedAt]] = []
        for cause, message in messages:
            try:
                tp = TopicPartition(message.topic, self._partition(message))
                place = batch.add(
                    tp,
                    key=message.key,
                    value=message.value,
                    headers=message.headers,
                    timestamp_ms=message.timestamp_ms,
                    cause=cause,
                )
            except _RECORDS_FAULT as error:
                raise self._judged(error, cause=cause, topic=message.topic) from error
            if message.topic == self._plan.lookup_topic:
                objects.append((message, place))
        last: PackedAt | None = None
        if self._plan.state_topic is not None:
            tp = TopicPartition(self._plan.state_topic, self._number)
            for key, value in states.items():
                last = batch.add(tp, key=key.encode(), value=value)
        return objects, last

    def _partition(self, message: Message) -> int:
        if message.topic == self._plan.lookup_topic:
            return self._number
        return self._outputs.partition(message.topic, message.key)

    def _judged(self, error: BaseException, *, cause: Record | None, topic: str) -> BaseException:
        """Hold it against the record if a failed send is its fault; the producer is given up in any case.

        Recovery inside it is not reliable: a rejected batch spoils its partition's sequence.
        """
        if cause is not None and isinstance(error, _RECORDS_FAULT):
            self._policy.hold_against(cause, f"{describe(error)}, output to {topic}")
        return error

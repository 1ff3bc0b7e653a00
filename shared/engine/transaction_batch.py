"""The records of one transaction, packed into batches by us: one future per batch instead of one per record.

aiokafka's ``send`` costs several times as much as appending to a batch, and it waits until the previous batch of the
partition has been acknowledged.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata, TopicPartition

from shared.errors import Unavailable
from shared.kafka.client import MAX_RECORD_BYTES
from shared.kafka.records import Headers, Record


@dataclass(slots=True)
class RecordBatch:
    """A batch for one partition; ``first`` is the input record that produced its first entry, None for state."""

    tp: TopicPartition
    turn: int
    builder: BatchBuilder
    first: Record | None
    delivery: "asyncio.Future[RecordMetadata] | None" = None

    @property
    def error(self) -> BaseException | None:
        """Why Kafka refused the batch; None if it did not."""
        return None if self.delivery is None else self.delivery.exception()


PackedAt = tuple[RecordBatch, int]
"""A record's batch and its number in the batch, from 0."""


class TransactionBatch:
    """Filled with ``add``, sent with ``send``; then the delivery of each batch is done."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._batches: list[RecordBatch] = []
        self._open: dict[TopicPartition, RecordBatch] = {}

    def __iter__(self) -> Iterator[RecordBatch]:
        return iter(self._batches)

    def add(
        self,
        tp: TopicPartition,
        *,
        key: bytes,
        value: bytes | None,
        headers: Headers = (),
        timestamp_ms: int | None = None,
        cause: Record | None = None,
    ) -> PackedAt:
        """Pack a record.

        Raises:
            MessageSizeTooLargeError: no topic takes so large a record.
        """
        listed = [*headers]
        batch = self._open.get(tp) or self._begin(tp, turn=0, first=cause)
        packed = batch.builder.append(timestamp=timestamp_ms, key=key, value=value, headers=listed)
        if packed is None:  # full
            batch = self._begin(tp, turn=batch.turn + 1, first=cause)
            packed = batch.builder.append(timestamp=timestamp_ms, key=key, value=value, headers=listed)
        if packed.size > MAX_RECORD_BYTES:
            raise MessageSizeTooLargeError(
                f"the record takes {packed.size} bytes, at most {MAX_RECORD_BYTES}"
            )
        return batch, batch.builder.record_count() - 1

    async def send(self) -> None:
        """Send all batches and wait until Kafka has accepted or refused each."""
        for batch in sorted(self._batches, key=lambda batch: batch.turn):
            batch.delivery = await self._producer.send_batch(
                batch.builder, batch.tp.topic, partition=batch.tp.partition
            )
        if sent := [batch.delivery for batch in self._batches if batch.delivery is not None]:
            await asyncio.wait(sent)

    def forget(self) -> None:
        """Retrieve results that nobody awaits any more, so that asyncio does not report them."""
        for batch in self._batches:
            if batch.delivery is not None:
                batch.delivery.add_done_callback(_look_at)

    def _begin(self, tp: TopicPartition, *, turn: int, first: Record | None) -> RecordBatch:
        batch = self._open[tp] = RecordBatch(tp, turn, self._producer.create_batch(), first)
        self._batches.append(batch)
        return batch


def offset_of(place: PackedAt) -> int:
    """The offset that Kafka gave the record; its batch must have been sent.

    Raises:
        Unavailable: Kafka has the batch from an earlier attempt and no longer says where; the topic has to be read.
    """
    batch, number = place
    if batch.delivery is None:
        raise AssertionError("offsets are known once the batch has been sent")
    first = int(batch.delivery.result().offset)
    if first < 0:
        raise Unavailable(f"{batch.tp.topic}: sent twice, and Kafka does not say where the first one lies")
    return first + number


def _look_at(delivery: "asyncio.Future[RecordMetadata]") -> None:
    if not delivery.cancelled():
        delivery.exception()

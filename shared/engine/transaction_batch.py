"""The records of one transaction, packed into batches here: one future for a batch, not one for each record.

aiokafka's ``send`` costs several times what appending to a batch does, and makes whoever fills a batch wait until
the one before it has been acknowledged.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata, TopicPartition

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
        """Why Kafka has not taken it."""
        return None if self.delivery is None else self.delivery.exception()


PackedAt = tuple[RecordBatch, int]
"""Where a record has been packed: the parcel, and its number therein."""


class TransactionBatch:
    """Filled with ``add``, sent with ``send``; then each parcel has a delivery that is done."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._parcels: list[RecordBatch] = []
        self._open: dict[TopicPartition, RecordBatch] = {}

    def __iter__(self) -> Iterator[RecordBatch]:
        return iter(self._parcels)

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
        parcel = self._open.get(tp) or self._begin(tp, turn=0, first=cause)
        packed = parcel.builder.append(timestamp=timestamp_ms, key=key, value=value, headers=listed)
        if packed is None:  # full
            parcel = self._begin(tp, turn=parcel.turn + 1, first=cause)
            packed = parcel.builder.append(timestamp=timestamp_ms, key=key, value=value, headers=listed)
        if packed.size > MAX_RECORD_BYTES:
            raise MessageSizeTooLargeError(
                f"the record takes {packed.size} bytes, at most {MAX_RECORD_BYTES}"
            )
        return parcel, parcel.builder.record_count() - 1

    async def send(self) -> None:
        """Send all parcels and wait until Kafka has taken each, or has not."""
        for parcel in sorted(self._parcels, key=lambda parcel: parcel.turn):
            parcel.delivery = await self._producer.send_batch(
                parcel.builder, parcel.tp.topic, partition=parcel.tp.partition
            )
        if sent := [parcel.delivery for parcel in self._parcels if parcel.delivery is not None]:
            await asyncio.wait(sent)

    def forget(self) -> None:
        """Look at results that nobody waits for any more, so that asyncio does not report them."""
        for parcel in self._parcels:
            if parcel.delivery is not None:
                parcel.delivery.add_done_callback(_look_at)

    def _begin(self, tp: TopicPartition, *, turn: int, first: Record | None) -> RecordBatch:
        parcel = self._open[tp] = RecordBatch(tp, turn, self._producer.create_batch(), first)
        self._parcels.append(parcel)
        return parcel


def offset_of(place: PackedAt) -> int:
    """The offset that Kafka gave the record; its parcel has been delivered."""
    parcel, number = place
    if parcel.delivery is None:
        raise AssertionError("offsets are known once the batch has been sent")
    return int(parcel.delivery.result().offset) + number


def _look_at(delivery: "asyncio.Future[RecordMetadata]") -> None:
    if not delivery.cancelled():
        delivery.exception()

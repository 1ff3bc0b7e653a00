"""Reading partitions from a position to their end: for states, dead letters and held objects.

Absence is proven here: a reader gets all that was there at the time of the question, open transactions waited
for, or that it cannot be told now. Time that passes without an answer proves nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.records import Record, consumed

_PATIENCE_MS: Final = 1000
_IDLE_ROUNDS: Final = 30
"""Longer than a transaction whose owner has died stays open: its time-out, and ten seconds until Kafka ends it."""

_ANSWER_SECONDS: Final = 30.0
_PATIENT_ROUNDS: Final = 5
_LOOK_MS: Final = 200
_LOOKS: Final = 20


async def read_to_end(
    address: KafkaAddress, starts: Mapping[TopicPartition, int]
) -> AsyncIterator[list[Record]]:
    """Yield the committed records from each start to the end as it is now, a partition's batch at a time.

    The end is that of all records: what a transaction that is open now will commit is waited for, and belongs to it.

    Raises:
        Unavailable: an end is not reached, because a transaction hangs or Kafka is away.
    """
    if not starts:
        return
    consumer = reader(address)
    try:
        await consumer.start()
        consumer.assign(list(starts))
        ends = await ends_of(address, starts)
        firsts = await consumer.beginning_offsets(list(starts))
        for tp, start in starts.items():
            consumer.seek(tp, max(start, firsts[tp]))
        idle = 0
        # Positions, not records, tell the end: what lies last may be a marker or compacted away.
        while open_ended := [tp for tp in starts if await consumer.position(tp) < ends[tp]]:
            fetched = await consumer.getmany(*open_ended, timeout_ms=_PATIENCE_MS)
            for records in fetched.values():
                yield [consumed(record) for record in records]
            idle = 0 if fetched else idle + 1
            if idle == _IDLE_ROUNDS:
                stuck = open_ended[0]
                raise Unavailable(f"{stuck.topic}, partition {stuck.partition}: cannot be read to its end")
    finally:
        await close(consumer)


async def ends_of(address: KafkaAddress, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The offset behind the last record of each partition, be its transaction ended or not.

    Raises:
        Unavailable: Kafka has not told in time.
    """
    async with _asking(address, "ends", committed=False) as consumer:
        return dict(await consumer.end_offsets([*partitions]))


async def firsts_of(address: KafkaAddress, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The offset of the first record that each partition still has room for; what lay before is gone.

    Raises:
        Unavailable: Kafka has not told in time.
    """
    async with _asking(address, "beginnings", committed=True) as consumer:
        return dict(await consumer.beginning_offsets([*partitions]))


@asynccontextmanager
async def _asking(address: KafkaAddress, what: str, *, committed: bool) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = reader(address, committed=committed)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await consumer.start()
            yield consumer
    except (KafkaError, TimeoutError) as away:
        raise Unavailable(f"the {what} of topics cannot be asked for: {type(away).__name__}") from away
    finally:
        await close(consumer)


async def unread(
    consumer: AIOKafkaConsumer, *, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Return those of the ends before which a record lies that a reader from the start has not seen.

    Often there are only the markers of ended transactions, which nobody reads; what cannot be told within a few
    seconds counts as a record. The consumer has no group; it is assigned what has to be looked at.
    """
    behind = {tp: end for tp, end in ends.items() if starts.get(tp, 0) < end}
    if not behind:
        return {}
    firsts = await consumer.beginning_offsets([*behind])
    consumer.assign([*behind])
    for tp in behind:
        consumer.seek(tp, max(starts.get(tp, 0), firsts[tp]))
    found: dict[TopicPartition, int] = {}
    for _ in range(_LOOKS):
        passed = [tp for tp in behind if await consumer.position(tp) >= behind[tp]]
        if not (open_ended := behind.keys() - passed - found.keys()):
            return found
        fetched = await consumer.getmany(*open_ended, timeout_ms=_LOOK_MS)
        found |= {tp: behind[tp] for tp, records in fetched.items() if records[0].offset < behind[tp]}
    return found | {tp: behind[tp] for tp in open_ended}


async def record_at(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> Record | None:
    """The record at this offset, or None if it is certainly not there any more. The consumer must be assigned.

    Raises:
        Unavailable: Kafka has not told in time.
    """
    consumer.seek(tp, offset)
    for _ in range(_PATIENT_ROUNDS):
        fetched = await consumer.getmany(tp, timeout_ms=_PATIENCE_MS, max_records=1)
        for record in fetched.get(tp, ()):
            return consumed(record) if record.offset == offset else None
        # Past it, and it was not there: compacted away, expired, or never committed.
        if await consumer.position(tp) > offset:
            return None
    raise Unavailable(f"{tp.topic}, partition {tp.partition}: offset {offset} cannot be read now")

"""Reads partitions from an offset to their end: for states, dead letters and held objects.

This proves absence: a reader gets every record that existed at the time of the call, including those of transactions
open then, or `Unavailable`. A time-out proves nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.lenient_fetch import fetch_leniently
from shared.kafka.raw_fetch import is_of_a_batch
from shared.kafka.records import Record, consumed

_PATIENCE_MS: Final = 1000
_IDLE_ROUNDS: Final = 30
"""Longer than a transaction whose owner has died stays open: its time-out, and ten seconds until Kafka ends it."""

_ANSWER_SECONDS: Final = 30.0
_PATIENT_ROUNDS: Final = 5
_LOOK_MS: Final = 200
_LOOKS: Final = 20


async def read_to_end(
    address: KafkaAddress, starts: Mapping[TopicPartition, int], *, faults: bool = False
) -> AsyncIterator[list[Record]]:
    """Yield the committed records from each start to the current end, a partition's batch at a time.

    The end includes transactions that are open now: their records are waited for. With ``faults`` a batch that cannot
    be read is a record with a fault, for readers who know what its absence means to them.

    Raises:
        Unavailable: an end is not reached, because a transaction hangs, a batch cannot be read or Kafka cannot be reached.
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
        while open_ended := {tp: at for tp in starts if (at := await consumer.position(tp)) < ends[tp]}:
            fetched = await fetch_leniently(consumer, open_ended, address=address, wait_ms=_PATIENCE_MS)
            for records in fetched.values():
                if not faults:
                    _demand_readable(records)
                yield records
            idle = 0 if fetched else idle + 1
            if idle == _IDLE_ROUNDS:
                stuck = next(iter(open_ended))
                raise Unavailable(f"{stuck.topic}, partition {stuck.partition}: cannot be read to its end")
    finally:
        await close(consumer)


def _demand_readable(records: Sequence[Record]) -> None:
    """Refuse to pass over a record: the reader would take it for absent."""
    if faulty := next((each for each in records if each.fault is not None), None):
        raise Unavailable(f"{place_of_fault(faulty)}; another copy of the partition may be whole")


def place_of_fault(record: Record) -> str:
    """Where a batch lies that cannot be read, and why."""
    return f"{record.topic}, partition {record.partition}, {record.fault}"


async def ends_of(address: KafkaAddress, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The offset after the last record of each partition, even if its transaction is still open.

    Raises:
        Unavailable: Kafka has not answered in time.
    """
    async with _asking(address, "ends", committed=False) as consumer:
        return dict(await consumer.end_offsets([*partitions]))


async def firsts_of(address: KafkaAddress, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The offset of the first record that each partition still has.

    Raises:
        Unavailable: Kafka has not answered in time.
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
    """Return the ends of those partitions that have a record between the start and the end.

    Often there are only the markers of ended transactions, which nobody reads. What cannot be told within a few
    seconds, or because of a batch that cannot be read, counts as a record. The consumer has no group; it is assigned
    these partitions.
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
        try:
            fetched = await consumer.getmany(*open_ended, timeout_ms=_LOOK_MS)
        except Exception as error:
            if not is_of_a_batch(error):
                raise
            break  # of which partition the batch is, and what of others was passed over, cannot be told
        found |= {tp: behind[tp] for tp, records in fetched.items() if records[0].offset < behind[tp]}
    return found | {tp: behind[tp] for tp in open_ended}


async def record_at(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> Record | None:
    """The record at this offset, or None if it certainly no longer exists. The consumer must be assigned.

    Raises:
        Unavailable: Kafka has not answered in time.
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

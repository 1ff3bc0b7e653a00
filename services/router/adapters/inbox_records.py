"""Records of one inbox, from a place on, with whichever client is free; damaged bytes are records with a fault."""

from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.router.domain.cases.inbox import InboxRecord
from shared.events.topics import AUTHORITY_INBOX
from shared.kafka.client import KafkaAddress
from shared.kafka.lenient_fetch import next_records
from shared.kafka.records import Record

_FETCH_MS: Final = 300


async def fetch_records(
    consumer: AIOKafkaConsumer,
    address: KafkaAddress,
    authority: str,
    *,
    start: int,
    end: int,
    limit: int,
    room: int,
) -> tuple[list[InboxRecord], int]:
    """Records from a place on, and the place after them; what has expired before it is passed over."""
    tp = inbox_partition(authority)
    first = (await consumer.beginning_offsets([tp]))[tp]
    consumer.assign([tp])
    consumer.seek(tp, max(start, first))
    found: list[InboxRecord] = []
    place = max(start, first)
    size = 0
    while place < end and len(found) < limit and (not found or size < room):
        fetched = await next_records(
            consumer, tp, address=address, start=place, limit=limit - len(found), timeout_ms=_FETCH_MS
        )
        for record in fetched:
            if found and size >= room:
                return found, place
            found.append(_as_it_lies(record, authority))
            size += len(record.value or b"")
            place = record.offset + 1
        if not fetched:
            place = await consumer.position(tp)
            break
    return found, place


def _as_it_lies(record: Record, authority: str) -> InboxRecord:
    return InboxRecord(
        authority=authority,
        offset=record.offset,
        headers=record.headers,
        value=record.value or b"",
        written_ms=record.timestamp_ms,
        fault=record.fault,
    )


def inbox_partition(authority: str) -> TopicPartition:
    """Where this authority's inbox lies."""
    return TopicPartition(AUTHORITY_INBOX.for_authority(authority), 0)


def authority_of(tp: TopicPartition) -> str:
    """The inverse of `inbox_partition`."""
    return AUTHORITY_INBOX.authority_of(tp.topic)

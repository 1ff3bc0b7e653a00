"""Records of one inbox, from a place on; damaged bytes are records with a fault."""

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from services.router.domain.cases.inbox import InboxRecord
from shared.events.topics import AUTHORITY_INBOX
from shared.kafka.client import KafkaAddress
from shared.kafka.lenient_fetch import fetch_next
from shared.kafka.records import Record


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
    found: list[InboxRecord] = []
    place, size = start, 0
    while place < end and len(found) < limit and (not found or size < room):
        try:
            fetched = await fetch_next(consumer, tp, address=address, start=place)
        except OffsetOutOfRangeError:
            first = (await consumer.beginning_offsets([tp]))[tp]
            if first <= place:
                break
            place = first
            continue
        for record in fetched.records:
            if len(found) == limit or (found and size >= room):
                return found, place
            found.append(_as_it_lies(record, authority))
            size += len(record.value or b"")
            place = record.offset + 1
        if fetched.reached <= place and not fetched.records:
            break
        place = max(place, fetched.reached)
    return found, place


def _as_it_lies(record: Record, authority: str) -> InboxRecord:
    return InboxRecord(
        authority=authority,
        offset=record.offset,
        headers=tuple(record.headers),
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

"""Records as read from and written to a topic, and the partition of a key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from aiokafka.partitioner import murmur2
from aiokafka.structs import ConsumerRecord

from shared.events.envelope import Headers, Message
from shared.events.payload import YEARS

__all__ = ["Headers", "Message", "Outgoing", "Record", "consumed", "partition_of"]

Outgoing = Message
"""A message to produce: the contract's `Message`, as the engine calls it."""

_INSTANTS: Final = range(
    *(int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1000 for year in (YEARS.start, YEARS.stop))
)
"""Unix milliseconds; Kafka takes any number from a producer, beyond the calendar too."""

_NO_INSTANT: Final = f"the record's time is not of the years {YEARS.start} to {YEARS.stop - 1}"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic, as undecoded bytes. ``timestamp_ms`` is Unix time.

    ``fault`` says why it is not to be decoded: its own time is none, or the bytes of a batch cannot be split into records;
    then there is neither key nor value, and the offset is the last one that the fault covers.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    fault: str | None = None


def consumed(record: "ConsumerRecord[bytes, bytes]") -> Record:
    """Return aiokafka's record as ours."""
    return Record(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        headers_of(cast("Iterable[tuple[str, bytes | None]]", record.headers)),
        None if record.timestamp in _INSTANTS else _NO_INSTANT,
    )


def headers_of(found: Iterable[tuple[str, bytes | None]]) -> Headers:
    """Headers as we know them: one that lacks its value, whatever the client's types say, has an empty one."""
    return tuple((name, value or b"") for name, value in found)


def partition_of(key: bytes, count: int) -> int:
    """The partition of a key among ``count``, as every Kafka client computes it: murmur2, sign bit cleared.

    Producers set it explicitly, so that no client's default can send a case to another partition.
    """
    return 0 if count == 1 else (murmur2(key) & 0x7FFFFFFF) % count

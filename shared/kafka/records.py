"""What is read from and written to a topic, and which partition a key belongs to."""

from dataclasses import dataclass
from typing import cast

from aiokafka.partitioner import murmur2
from aiokafka.structs import ConsumerRecord

from shared.events.envelope import Headers, Message

__all__ = ["Headers", "Message", "Outgoing", "Record", "consumed", "partition_of"]

Outgoing = Message
"""What is to be produced; another name for the contract's message, seen from the engine."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it lies on its topic: bytes, undecoded. ``timestamp_ms`` is Unix time.

    ``fault`` says why these bytes cannot even be told apart; then there is neither key nor value, and the offset is
    the last of those that the fault covers.
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
        cast("Headers", record.headers),
    )


def partition_of(key: bytes, count: int) -> int:
    """The partition of a key among ``count``, as every Kafka client computes it: murmur2, sign bit cleared.

    Producers set it explicitly, so that no client's own default can send a case astray.
    """
    return 0 if count == 1 else (murmur2(key) & 0x7FFFFFFF) % count

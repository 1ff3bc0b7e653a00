"""Kafka's record batches (version 2), read leniently: for what aiokafka cannot parse or unpack.

A header's name need not be UTF-8, bytes may follow the last record, a batch may be damaged or hold more than anybody
wants to unpack. Whatever can be read is returned; the rest becomes one record without content that says why.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from shared.kafka.bounded_decompression import (
    UnpackingRefused,
    gzip_decode,
    lz4_decode,
    snappy_decode,
    zstd_decode,
)
from shared.kafka.records import Record, headers_of

# Base offset, length, leader epoch, magic, CRC, attributes, last offset delta, first and last timestamp, producer
# id and epoch, base sequence, number of records.
_HEADER: Final = struct.Struct(">qiibIhiqqqhii")
_LENGTH_ENDS: Final = 12
_CHECKED_FROM: Final = 21
_MAGIC: Final = 2
_CODEC, _APPEND_TIME, _TRANSACTIONAL, _CONTROL = 0x07, 0x08, 0x10, 0x20
_MOST_RECORDS: Final = 5000
_CODECS: Final[dict[int, Callable[[bytes], bytes]]] = {
    0: bytes,
    1: gzip_decode,
    2: snappy_decode,
    3: lz4_decode,
    4: zstd_decode,
}

Aborted = Sequence[tuple[int, int]]
"""Producer ids with the first offset of a transaction that was aborted, as a fetch answers them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch: its header's fields, and the bytes of its records as they lie on the topic."""

    base: int
    last: int
    attributes: int
    first_ms: int
    last_ms: int
    producer: int
    count: int
    body: bytes
    intact: bool

    @property
    def is_control(self) -> bool:
        """True for a marker that a transaction has ended."""
        return bool(self.attributes & _CONTROL)


def committed_from(data: bytes, start: int, *, aborted: Aborted) -> Batch | None:
    """The first batch with an offset from ``start`` on that is neither a marker nor of an aborted transaction."""
    pending = sorted(aborted, key=lambda pair: pair[1])
    gone: set[int] = set()
    for batch in batches(data):
        while pending and pending[0][1] <= batch.last:
            gone.add(pending.pop(0)[0])
        if batch.is_control:
            gone.discard(batch.producer)
        elif not (batch.attributes & _TRANSACTIONAL and batch.producer in gone) and batch.last >= start:
            return batch
    return None


def batches(data: bytes) -> Iterator[Batch]:
    """The complete batches in what a fetch has answered."""
    at = 0
    while at + _HEADER.size <= len(data):
        base, length, _, magic, checksum, attributes, delta, first, last, producer, _, _, count = (
            _HEADER.unpack_from(data, at)
        )
        end = at + _LENGTH_ENDS + length
        if end > len(data) or length < _HEADER.size - _LENGTH_ENDS:
            return
        intact = magic == _MAGIC and calc_crc32c(data[at + _CHECKED_FROM : end]) == checksum
        body = data[at + _HEADER.size : end]
        yield Batch(base, base + max(delta, 0), attributes, first, last, producer, count, body, intact)
        at = end


def records_of(batch: Batch, tp: TopicPartition, start: int) -> list[Record]:
    r"""The batch's records from ``start`` on, at most some thousands; what cannot be read is the last one, as a fault.

    A header's name that is not UTF-8 is escaped like ``\xff``; key, value and all values of headers are unchanged.
    """
    found: list[Record] = []
    at = max(start, batch.base)
    try:
        for record in islice(_readable(batch, tp, start), _MOST_RECORDS):
            found.append(record)
            at = record.offset + 1
    except UnpackingRefused as refused:
        found.append(_fault(batch, tp, at, str(refused)))
    except (IndexError, ValueError, OverflowError):
        found.append(_fault(batch, tp, at, "the batch is damaged"))
    return found or [_fault(batch, tp, at, "the batch holds no record")]


def _readable(batch: Batch, tp: TopicPartition, start: int) -> Iterator[Record]:
    if not batch.intact:
        raise UnpackingRefused("the batch does not match its checksum")
    unpack = _CODECS.get(batch.attributes & _CODEC)
    if unpack is None:
        raise UnpackingRefused("the batch is packed by an unknown codec")
    reader = _Reader(unpack(batch.body))
    for _ in range(batch.count):
        record = reader.record(batch, tp)
        if not start <= record.offset <= batch.last:
            if record.offset > batch.last:
                raise ValueError
            continue
        yield record


def _fault(batch: Batch, tp: TopicPartition, first: int, reason: str) -> Record:
    place = f"offsets {first} to {batch.last}" if first < batch.last else f"offset {batch.last}"
    return Record(
        tp.topic, tp.partition, batch.last, max(batch.last_ms, 0), None, None, fault=f"{place}: {reason}"
    )


class _Reader:
    """Walks over the records of one batch."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def record(self, batch: Batch, tp: TopicPartition) -> Record:
        """Raises IndexError or ValueError where the bytes are no record."""
        length = self._varint()
        end = self._at + length
        if length < 0 or end > len(self._data):
            raise ValueError
        self._at += 1  # attributes, unused by Kafka
        since, delta = self._varint(), self._varint()
        key, value = self._bytes(), self._bytes()
        headers = headers_of([(_name(self._bytes()), self._bytes()) for _ in range(self._varint())])
        if self._at != end:
            raise ValueError
        stamp = batch.last_ms if batch.attributes & _APPEND_TIME else batch.first_ms + since
        return Record(tp.topic, tp.partition, batch.base + delta, stamp, key, value, headers)

    def _bytes(self) -> bytes | None:
        length = self._varint()
        if length < 0:
            return None
        self._at += length
        if self._at > len(self._data):
            raise ValueError
        return self._data[self._at - length : self._at]

    def _varint(self) -> int:
        """A zigzag-coded integer of at most ten groups of seven bits, lowest first."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return (value >> 1) ^ -(value & 1)
        raise ValueError


def _name(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="backslashreplace")

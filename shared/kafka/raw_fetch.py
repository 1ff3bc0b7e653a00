"""A record that aiokafka cannot parse: a header name that is not UTF-8, which any authority may send.

aiokafka raises while it iterates, drops what it had fetched before, and would raise at the same record for
ever. So that one record is fetched raw and parsed here, with the name escaped; then reading goes on behind it.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final

from aiokafka.client import AIOKafkaClient
from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.kafka.client import MAX_RECORD_BYTES, KafkaAddress
from shared.kafka.records import Record

# Kafka's record batch, version 2: base offset, length, leader epoch, magic, CRC, attributes, last offset
# delta, first and last timestamp, producer id and epoch, base sequence, number of records.
_BATCH: Final = struct.Struct(">qiibIhiqqqhii")
_LENGTH_ENDS: Final = 12
_CONTROL: Final = 0x20
_CODECS: Final[dict[int, Callable[[bytes], bytes]]] = {
    0: bytes,
    1: gzip_decode,
    2: snappy_decode,
    3: lz4_decode,
    4: zstd_decode,
}


async def unparsable_record(address: KafkaAddress, tp: TopicPartition, start: int) -> Record:
    r"""Fetch the first record from this offset on that has a header name which is not UTF-8.

    Its name is escaped like ``\xff``; key, value and all header values are unchanged.

    Raises:
        Unavailable: Kafka is away, or there is no such record in what it answers.
    """
    client = AIOKafkaClient(**address.arguments())
    try:
        await client.bootstrap()
        await client.set_topics([tp.topic])
        request = FetchRequest(
            100, 1, MAX_RECORD_BYTES, 1, [(tp.topic, [(tp.partition, start, MAX_RECORD_BYTES)])]
        )
        answer = await client.send(client.cluster.leader_for_partition(tp), request)
        ((_, ((_, code, *_, batches),)),) = answer.topics
        if code:
            raise Unavailable(f"{tp.topic}: {for_code(code).__name__}")
        for offset, timestamp, key, value, headers in _records(batches):
            if offset >= start and not all(_is_text(name) for name, _ in headers):
                escaped = tuple((name.decode(errors="backslashreplace"), value) for name, value in headers)
                return Record(tp.topic, tp.partition, offset, timestamp, key, value, escaped)
    finally:
        await client.close()
    raise Unavailable(f"{tp.topic}, partition {tp.partition}: no unparsable record from offset {start} on")


_Raw = tuple[int, int, bytes | None, bytes | None, list[tuple[bytes, bytes]]]


def _records(batches: bytes) -> Iterator[_Raw]:
    """Offset, timestamp, key, value and headers of each record in complete batches."""
    position = 0
    while position + _BATCH.size <= len(batches):
        base, length, _, _, _, attributes, _, first, _, _, _, _, count = _BATCH.unpack_from(batches, position)
        end = position + _LENGTH_ENDS + length
        if end > len(batches):
            return
        if not attributes & _CONTROL:
            reader = _Reader(_CODECS[attributes & 7](batches[position + _BATCH.size : end]))
            for _ in range(count):
                yield reader.record(base, first)
        position = end


class _Reader:
    """Walks over the records of one batch."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def record(self, base_offset: int, first_timestamp: int) -> _Raw:
        self._varint()  # length
        self._at += 1  # attributes, unused by Kafka
        timestamp, offset = first_timestamp + self._varint(), base_offset + self._varint()
        key, value = self._bytes(), self._bytes()
        headers = [(self._bytes() or b"", self._bytes() or b"") for _ in range(self._varint())]
        return offset, timestamp, key, value, headers

    def _bytes(self) -> bytes | None:
        length = self._varint()
        if length < 0:
            return None
        self._at += length
        return self._data[self._at - length : self._at]

    def _varint(self) -> int:
        """A zigzag-coded integer in groups of seven bits, lowest first."""
        value = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return (value >> 1) ^ -(value & 1)


def _is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True

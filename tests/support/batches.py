"""Record batches byte by byte, as no client of ours would write them and a broker takes them."""

import struct
import time
from collections.abc import Callable

from aiokafka import AIOKafkaProducer, codec
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from shared.kafka.client import KafkaAddress

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
PACK: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": codec.gzip_encode,
    "snappy": codec.snappy_encode,
    "lz4": codec.lz4_encode,
    "zstd": codec.zstd_encode,
}


def batch(
    *values: bytes,
    base: int = 0,
    compression: str = "none",
    body: bytes | None = None,
    attributes: int = 0,
    key: bytes = b"k",
    header: str = "h",
    header_value: bytes | None = b"v",
) -> bytes:
    """A batch of these values, or with this body in the place of its own."""
    plain = _plain(*values, key=key, header=header, header_value=header_value)
    records = PACK[compression](plain[61:] if body is None else body)
    return _framed(plain, base=base, attributes=CODECS[compression] | attributes, records=records)


def packed(*values: bytes, compression: str, as_: bytes) -> bytes:
    """A batch of these values whose packed bytes are given."""
    return _framed(_plain(*values), base=0, attributes=CODECS[compression], records=as_)


def _plain(*values: bytes, key: bytes = b"k", header: str = "h", header_value: bytes | None = b"v") -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 2**31 - 1)
    now = int(time.time() * 1000)  # a broker deletes what is older than it keeps, some minutes after it came
    for number, value in enumerate(values):
        assert builder.append(number, timestamp=now, key=key, value=value, headers=[(header, header_value)])
    return bytes(builder.build())


def _framed(plain: bytes, *, base: int, attributes: int, records: bytes) -> bytes:
    checked = struct.pack(">h", attributes) + plain[23:61] + records
    return (
        struct.pack(">qi", base, 9 + len(checked))
        + plain[12:17]
        + struct.pack(">I", calc_crc32c(checked))
        + checked
    )


def body_of(*values: bytes, key: bytes = b"k", header: str = "h") -> bytes:
    """The records of such a batch, unpacked."""
    return batch(*values, key=key, header=header)[61:]


async def send_batch(address: KafkaAddress, topic: str, made: bytes) -> bool:
    """Send a batch as it is, to the first partition; return whether the broker has taken it."""
    producer = AIOKafkaProducer(**address.arguments(), acks="all")
    await producer.start()
    try:
        builder = producer.create_batch()
        builder.append(timestamp=None, key=b"k", value=b"v")
        builder._build()
        builder._buffer = made
        await (await producer.send_batch(builder, topic, partition=0))
    except KafkaError:
        return False
    else:
        return True
    finally:
        await producer.stop()

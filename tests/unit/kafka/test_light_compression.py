"""Producers compress lightly."""

from collections.abc import Callable

import cramjam
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.kafka.client import KafkaAddress, close, idempotent_producer, transactional_producer

ADDRESS = KafkaAddress(bootstrap="127.0.0.1:9")


def transactional(address: KafkaAddress) -> AIOKafkaProducer:
    return transactional_producer(address, transactional_id="unit", timeout_ms=1000)


@pytest.mark.parametrize("made", [idempotent_producer, transactional])
async def test_batches_are_packed_at_level_1(made: Callable[[KafkaAddress], AIOKafkaProducer]) -> None:
    producer = made(ADDRESS)
    builder: BatchBuilder = producer.create_batch()
    for number in range(200):
        builder.append(timestamp=0, key=b"k", value=b"%d of these, and %d" % (number, number % 7))
    packed = bytes(builder._build())[61:]
    await close(producer)
    plain = bytes(cramjam.zstd.decompress(packed))
    assert packed == bytes(cramjam.zstd.compress(plain, level=1))
    assert packed != bytes(cramjam.zstd.compress(plain, level=3))

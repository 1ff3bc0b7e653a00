"""A topic's committed records as they come, over one connection: whoever waits for one does not ask again and again."""

from collections.abc import AsyncGenerator

from aiokafka.structs import TopicPartition

from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.records import Record, consumed

_ROUND_MS = 1000


async def followed(address: KafkaAddress, topic: str, *, partitions: int) -> AsyncGenerator[Record, None]:
    """From the first one on, without an end; close it (`contextlib.aclosing`) when you have seen enough."""
    consumer = reader(address)
    try:
        await consumer.start()
        consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
        while True:
            for records in (await consumer.getmany(timeout_ms=_ROUND_MS)).values():
                for each in records:
                    yield consumed(each)
    finally:
        await close(consumer)

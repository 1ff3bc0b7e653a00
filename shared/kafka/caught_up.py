"""Waits until a store contains everything on its topics, so that nothing it lost in a restore is done again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiokafka.structs import TopicPartition

from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import unread


async def caught_up(
    address: KafkaAddress,
    *topics: str,
    stored: Callable[[], Awaitable[Mapping[TopicPartition, int]]],
    every_seconds: float,
) -> None:
    """Return once every record that is on the topics at this call has been applied.

    ``stored`` returns the next offset of each partition; its exceptions are passed on.

    Raises:
        Unavailable: Kafka does not know a topic.
        KafkaError: Kafka cannot be asked.
    """
    consumer = reader(address)
    try:
        await consumer.start()
        behind: Mapping[TopicPartition, int] = await consumer.end_offsets(
            await partitions_of(address, *topics)
        )
        while behind := await unread(consumer, starts=await stored(), ends=behind):  # noqa: ASYNC110 - it is Kafka and the store that are asked
            await asyncio.sleep(every_seconds)
    finally:
        await close(consumer)

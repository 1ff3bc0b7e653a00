"""Publishing a few messages with a producer that is opened for them: orders from a command or a page."""

from collections.abc import Sequence

from aiokafka.errors import KafkaError

from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, idempotent_producer
from shared.kafka.records import Outgoing


async def publish_once(
    address: KafkaAddress, messages: Sequence[Outgoing], *, partitions: Sequence[int]
) -> None:
    """Return when all in-sync replicas have each message in its partition, one after the other.

    Raises:
        Unavailable: not confirmed; some may have arrived all the same.
    """
    try:
        async with idempotent_producer(address) as producer:
            for message, partition in zip(messages, partitions, strict=True):
                await producer.send_and_wait(
                    message.topic,
                    message.value,
                    key=message.key,
                    partition=partition,
                    headers=[*message.headers],
                    timestamp_ms=message.timestamp_ms,
                )
    except KafkaError as away:
        topics = ", ".join(dict.fromkeys(message.topic for message in messages))
        raise Unavailable(f"{topics}: {type(away).__name__}; it may have arrived all the same") from away

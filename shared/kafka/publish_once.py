"""Publishing a few messages with a producer that is opened for them: orders from a command or a page."""

from collections.abc import Sequence

from aiokafka.errors import KafkaError

from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, idempotent_producer
from shared.kafka.records import Outgoing, partition_of


async def publish_once(
    address: KafkaAddress, messages: Sequence[Outgoing], *, beside: Sequence[bytes | int] | None = None
) -> None:
    """Return when all in-sync replicas have each message in its partition, one after the other.

    A message goes where the records of its key lie; with ``beside`` to the partition of another key, or of that number.

    Raises:
        Unavailable: not confirmed; some may have arrived all the same.
    """
    try:
        async with idempotent_producer(address) as producer:
            for message, place in zip(messages, beside or [m.key for m in messages], strict=True):
                count = len(await producer.partitions_for(message.topic))
                await producer.send_and_wait(
                    message.topic,
                    message.value,
                    key=message.key,
                    partition=place % count if isinstance(place, int) else partition_of(place, count),
                    headers=[*message.headers],
                    timestamp_ms=message.timestamp_ms,
                )
    except KafkaError as away:
        topics = ", ".join(dict.fromkeys(message.topic for message in messages))
        raise Unavailable(f"{topics}: {type(away).__name__}; it may have arrived all the same") from away

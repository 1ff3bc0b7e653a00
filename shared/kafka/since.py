"""Where a topic's last days begin."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import partitions_of


async def first_since(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], *, since_ms: int
) -> Mapping[TopicPartition, int]:
    """The first offset of each partition that is not older than an instant; a partition without one is left out.

    ``since_ms`` counts milliseconds since 1970 (UTC).
    """
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
    return {tp: at.offset for tp, at in found.items() if at is not None}


async def seek_last_days(consumer: AIOKafkaConsumer, address: KafkaAddress, topic: str, *, days: int) -> None:
    """Assign all partitions of a topic, each from its first record of the last days, or from its end."""
    since_ms = int((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1000)
    partitions = await partitions_of(address, topic)
    consumer.assign(partitions)
    starts = await first_since(consumer, partitions, since_ms=since_ms)
    ends: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions)
    for tp in partitions:
        consumer.seek(tp, starts.get(tp, ends[tp]))

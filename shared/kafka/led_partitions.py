"""Which of many partitions can be asked about now; the client gets to know all of their topics in one request.

aiokafka asks for one topic that is new to it after another, a tenth of a second apart, and for one that is not there
again and again: one inbox that is missing would hold up hundreds of others.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

_LOOK_SECONDS: Final = 3.0
_NO_LEADER: Final = (None, -1)


async def led(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
    """Those that have a leader, as far as a broker says so. The consumer follows no topics of its own.

    Raises:
        KafkaError: no broker has answered.
    """
    client = consumer._client  # noqa: SLF001 - there is no other way to tell it of topics
    if new := [tp.topic for tp in partitions if client.cluster.leader_for_partition(tp) in _NO_LEADER]:
        looks = [*map(client.add_topic, new), client.force_metadata_update()]
        await asyncio.wait(looks, timeout=_LOOK_SECONDS)
    return [tp for tp in partitions if client.cluster.leader_for_partition(tp) not in _NO_LEADER]

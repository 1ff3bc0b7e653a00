"""A stopped group waits for an operator's order to resume; after a mere restart it would soon stop again."""

from typing import Final

import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.backoff import Backoff
from shared.engine.operator_orders import goes_on
from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.read_to_end import ends_of
from shared.kafka.records import consumed

_LOOK_MS: Final = 1000


async def go_on_ordered(address: KafkaAddress, *, topic: str, group: str) -> None:
    """Return once an operator orders the group to resume; orders from before this call do not count."""
    log = structlog.get_logger().bind(group=group)
    positions: dict[TopicPartition, int] = {}
    pause = Backoff()
    while True:
        try:
            if not positions:
                positions = await ends_of(address, await _partitions(address, topic))
            if await _look(address, positions, group=group):
                return
        except (KafkaError, Unavailable) as away:
            log.warning("orders cannot be read", error=away, next=pause.next_seconds)
            await pause.sleep()


async def _partitions(address: KafkaAddress, topic: str) -> list[TopicPartition]:
    client = AIOKafkaClient(**address.arguments())
    try:
        await client.bootstrap()
        await client.set_topics([topic])
        numbers = client.cluster.partitions_for_topic(topic)
    finally:
        await client.close()
    if not numbers:
        raise Unavailable(f"topic {topic} is not known")
    return [TopicPartition(topic, number) for number in numbers]


async def _look(address: KafkaAddress, positions: dict[TopicPartition, int], *, group: str) -> bool:
    consumer = reader(address)
    try:
        await consumer.start()
        consumer.assign([*positions])
        for tp, position in positions.items():
            consumer.seek(tp, position)
        while True:
            fetched = await consumer.getmany(timeout_ms=_LOOK_MS)
            for tp, records in fetched.items():
                positions[tp] = records[-1].offset + 1
                if any(goes_on(consumed(record), group=group) for record in records):
                    return True
    finally:
        await close(consumer)

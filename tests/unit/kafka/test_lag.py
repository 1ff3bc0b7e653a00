"""What measuring a lag costs Kafka."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from shared.kafka.lag import committed_offsets


async def test_what_a_group_has_committed_is_one_request_for_all_partitions() -> None:
    requests: list[Sequence[TopicPartition]] = []
    asked = [TopicPartition("in", number) for number in range(3)]

    async def fetch(partitions: Sequence[TopicPartition]) -> dict[TopicPartition, OffsetAndMetadata]:
        requests.append(partitions)
        return {asked[1]: OffsetAndMetadata(7, "")}

    consumer = SimpleNamespace(_coordinator=SimpleNamespace(fetch_committed_offsets=fetch))

    assert await committed_offsets(cast("AIOKafkaConsumer", consumer), asked) == {asked[1]: 7}
    assert requests == [asked]

"""What a transaction of the engine asks of the brokers, on real Kafka: at low rates that is what a record costs."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from confluent_kafka import ConsumerGroupTopicPartitions

from shared.kafka.records import Message
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.steps import counting
from tests.integration.engine.test_kafka_to_kafka import plan


def committed(bench: Bench) -> dict[str, int]:
    """What the group has committed, by topic; its inputs have one partition."""
    admin = bench.kafka.part.endpoint.admin()
    (found,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(bench.group)]).values()
    return {each.topic: each.offset for each in found.result(20).topic_partitions or ()}


async def test_offsets_take_no_request_in_a_transaction_and_follow_by_themselves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, send = Counter[str](), AIOKafkaClient.send

    async def counted(client: AIOKafkaClient, node: int, request: Any, **options: Any) -> Any:
        asked[type(request).__name__] += 1
        return await send(client, node, request, **options)

    source, target = bench.topic("in"), bench.topic("out")
    async with running(bench.engine(plan(bench, source), counting(target), target)):
        await bench.send(Message(source, b"k", b"x"))
        await bench.read_until(target, 1)
        monkeypatch.setattr(AIOKafkaClient, "send", counted)
        await bench.send(Message(source, b"k", b"x"))
        await bench.read_until(target, 2)
        assert {name for name in asked if "Txn" in name} == {"AddPartitionsToTxnRequest", "EndTxnRequest"}
        async with asyncio.timeout(30):
            while (await asyncio.to_thread(committed, bench)).get(source) != 2:  # noqa: ASYNC110 - the broker says it
                await asyncio.sleep(0.05)

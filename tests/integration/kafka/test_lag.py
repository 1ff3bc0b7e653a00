"""The lag of a group that stands still shows: it is measured, not told by who should read; at rest it is 0."""

import asyncio
from functools import partial

from aiokafka.structs import TopicPartition

from shared.kafka.client import idempotent_producer, reader, transactional_producer
from shared.kafka.lag import LagWatcher
from shared.kafka.partitions import partitions_of
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.support.stack import KafkaAccess, unique


async def until_shown(watcher: LagWatcher, telemetry: Telemetry, line: str) -> None:
    task = asyncio.ensure_future(watcher.run())
    try:
        async with asyncio.timeout(60):
            while line not in telemetry.exposition().decode():
                assert not task.done(), task.exception()
                await asyncio.sleep(0.1)
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_unread_records_are_lag(kafka: KafkaAccess) -> None:
    address = kafka.address
    topic, group, telemetry = kafka.topic(), unique("group"), Telemetry()
    watcher = LagWatcher(
        address,
        group=group,
        partitions=partial(partitions_of, address, topic),
        stored=None,
        condition=Health().part("lag"),
        telemetry=telemetry,
    )
    async with idempotent_producer(address) as producer:
        for _ in range(7):
            await producer.send_and_wait(topic, b"x")
    line = f'amtsweg_lag_records{{group="{group}",topic="{topic}"}}'
    await until_shown(watcher, telemetry, f"{line} 7.0")
    async with reader(address, group=group) as member:
        member.assign([TopicPartition(topic, 0)])
        await member.commit({TopicPartition(topic, 0): 5})
    await until_shown(watcher, telemetry, f"{line} 2.0")


async def test_the_marks_of_transactions_are_no_lag(kafka: KafkaAccess) -> None:
    address, topic, telemetry = kafka.address, kafka.topic(), Telemetry()
    tp, stored = TopicPartition(topic, 0), 0

    async def read() -> dict[TopicPartition, int]:
        return {tp: stored}

    watcher = LagWatcher(
        address,
        group="g",
        partitions=partial(partitions_of, address, topic),
        stored=read,
        condition=Health().part("lag"),
        telemetry=telemetry,
    )
    async with (
        transactional_producer(
            address, transactional_id=unique("transaction"), timeout_ms=10_000
        ) as producer,
        producer.transaction(),
    ):
        last = await producer.send_and_wait(topic, b"x", partition=0)
    line = f'amtsweg_lag_records{{group="g",topic="{topic}"}}'
    await until_shown(watcher, telemetry, f"{line} 2.0")
    stored = last.offset + 1  # behind the record; the mark of its transaction is left
    await until_shown(watcher, telemetry, f"{line} 0.0")

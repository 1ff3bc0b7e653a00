"""The lag of a group that stands still shows: it is measured, not told by who should read."""

import asyncio

from aiokafka.structs import TopicPartition

from shared.kafka.client import KafkaAddress, idempotent_producer
from shared.kafka.lag import LagWatcher, committed_offsets
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.support.stack import KafkaAccess, unique


async def test_what_nobody_reads_is_lag(kafka: KafkaAccess) -> None:
    address = KafkaAddress(
        bootstrap=kafka.bootstrap,
        security_protocol=kafka.part.endpoint.security_protocol,
        username=kafka.username,
        password=kafka.password,
    )
    topic, group, telemetry = kafka.topic(), unique("group"), Telemetry()
    partitions = [TopicPartition(topic, 0)]
    watcher = LagWatcher(
        address,
        group=group,
        partitions=partitions,
        stored=committed_offsets(address, group=group, partitions=partitions),
        condition=Health().part("lag"),
        telemetry=telemetry,
    )
    async with idempotent_producer(address) as producer:
        for _ in range(7):
            await producer.send_and_wait(topic, b"x")
    task = asyncio.ensure_future(watcher.run())
    line = f'amtsweg_lag_records{{group="{group}",topic="{topic}"}} 7.0'
    async with asyncio.timeout(60):
        while line not in telemetry.exposition().decode():
            assert not task.done(), task.exception()
            await asyncio.sleep(0.1)
    task.cancel()

"""What does a record published outside transactions cost: bare aiokafka, our publisher, FastStream's broker?

The same records, 32 at once, acknowledged by all replicas, into a topic of six partitions; CPU of this process alone,
so that the figure holds on a busy machine. It also shows which headers each way writes: consumers see them.
"""

import argparse
import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Final

import structlog
import uvloop
from aiokafka.structs import TopicPartition
from confluent_kafka.cimpl import NewTopic
from faststream.kafka import KafkaBroker
from faststream.security import SASLScram512

from amtsweg.stack.kafka import Kafka
from benchmarks.support.surroundings import own_kafka, tell
from shared.kafka.client import KafkaAddress, idempotent_producer, reader
from shared.kafka.publisher import Publisher
from shared.kafka.records import Outgoing, partition_of
from shared.telemetry.health import Health

PARTITIONS: Final = 6
AT_ONCE: Final = 32
HEADERS: Final = {
    "ce_specversion": "1.0",
    "ce_id": "6f0a2f1e-6c55-5d1f-9d6e-2f3b1f6b7a10",
    "content-type": "application/json",
}
VALUE: Final = secrets.token_bytes(1500)

Send = Callable[[bytes], Awaitable[object]]


async def spent(send: Send, count: int) -> float:
    """Microseconds of CPU a record."""

    async def worker(numbers: range) -> None:
        for number in numbers:
            await send(b"%036d" % number)

    await asyncio.gather(*(worker(range(n, AT_ONCE * 20, AT_ONCE)) for n in range(AT_ONCE)))
    began = time.process_time()
    await asyncio.gather(*(worker(range(n, count, AT_ONCE)) for n in range(AT_ONCE)))
    return (time.process_time() - began) / count * 1e6


async def on_aiokafka(address: KafkaAddress, topic: str, count: int) -> float:
    headers = [(name, value.encode()) for name, value in HEADERS.items()]
    async with idempotent_producer(address) as producer:

        async def send(key: bytes) -> None:
            partition = partition_of(key, PARTITIONS)
            await producer.send_and_wait(topic, VALUE, key=key, partition=partition, headers=headers)

        return await spent(send, count)


async def on_publisher(address: KafkaAddress, topic: str, count: int) -> float:
    headers = tuple((name, value.encode()) for name, value in HEADERS.items())
    health = Health()
    publisher = Publisher(address, health=health, topics=(topic,))
    running = asyncio.ensure_future(publisher.run())
    while not health.ready:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.01)
    try:
        return await spent(lambda key: publisher.publish(Outgoing(topic, key, VALUE, headers)), count)
    finally:
        running.cancel()
        await asyncio.wait({running})


async def on_faststream(address: KafkaAddress, topic: str, count: int) -> float:
    broker = KafkaBroker(
        address.bootstrap,
        security=SASLScram512(
            username=address.username or "", password=address.password or "", use_ssl=False
        ),
        enable_idempotence=True,
        acks="all",
        compression_type="zstd",
        max_request_size=2 * 1024 * 1024,
        logger=None,
    )
    async with broker:
        await broker.start()

        async def send(key: bytes) -> None:
            partition = partition_of(key, PARTITIONS)
            await broker.publish(VALUE, topic, key=key, partition=partition, headers=dict(HEADERS))

        return await spent(send, count)


async def headers_of_last(address: KafkaAddress, topic: str) -> list[str]:
    """Names of the headers of the newest record in the first partition."""
    consumer, tp = reader(address), TopicPartition(topic, 0)
    await consumer.start()
    try:
        consumer.assign([tp])
        consumer.seek(tp, (await consumer.end_offsets([tp]))[tp] - 1)
        record = await consumer.getone(tp)
        return [name for name, _ in record.headers]
    finally:
        await consumer.stop()


async def measure(kafka: Kafka, *, count: int, runs: int) -> dict[str, object]:
    address = kafka.endpoint.address()
    ways = {"aiokafka": on_aiokafka, "publisher": on_publisher, "faststream": on_faststream}
    topics = {name: f"{name}-{secrets.token_hex(3)}" for name in ways}
    admin = kafka.endpoint.admin()
    for created in admin.create_topics([NewTopic(t, PARTITIONS, 1) for t in topics.values()]).values():
        created.result(30)
    cost: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            cost[name].append(await way(address, topics[name], count))
    return {
        "records": f"{count} records of {len(VALUE)} bytes, {AT_ONCE} at once, {runs} runs in turn",
        "cpu us/record": {
            n: {"median": round(median(c), 1), "runs": [round(x, 1) for x in c]} for n, c in cost.items()
        },
        "ratio to aiokafka": {
            n: round(median(x / b for x, b in zip(c, cost["aiokafka"], strict=True)), 2)
            for n, c in cost.items()
        },
        "headers": {name: await headers_of_last(address, topics[name]) for name in ways},
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=20_000)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with own_kafka() as kafka:
        tell(__doc__, uvloop.run(measure(kafka, count=chosen.count, runs=chosen.runs)))


if __name__ == "__main__":
    main()

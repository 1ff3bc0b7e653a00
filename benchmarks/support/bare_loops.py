"""Bare transaction loops: they move a backlog's records as the router does, and decide nothing."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import uvloop
from aiokafka.structs import TopicPartition
from confluent_kafka import Consumer, Producer
from confluent_kafka import TopicPartition as Position

from shared.events.envelope import Headers
from shared.events.topics import PARTITIONS, SUBMISSION_RECEIVED
from shared.kafka.client import MAX_RECORD_BYTES, KafkaAddress, reader, transactional_producer

BATCH = 600
LIBRDKAFKA_BATCH = 3_000
"""One producer for all partitions that sends a request for each: it needs large batches."""

INBOX_BYTES, ROUTED, CUSTODY = 1_900, secrets.token_hex(340).encode(), secrets.token_hex(420).encode()
"""What the router writes for a submission of the backlog; held is as large as the submission."""

BENCH_ROUTED, BENCH_HELD, BENCH_CUSTODY = "bench.routed", "bench.held", "bench.custody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Where it begins in each partition, how many submissions it has, and whose inbox each case's is."""

    starts: Sequence[int]
    count: int
    inboxes: Mapping[bytes, str]
    inbox_bytes: int = INBOX_BYTES


def outputs(backlog: Backlog, key: bytes, value: bytes, number: int) -> tuple[tuple[str, bytes, int], ...]:
    """Topic, value and partition of what a submission leads to."""
    return (
        (backlog.inboxes[key], value[: backlog.inbox_bytes], 0),
        (BENCH_ROUTED, ROUTED, number),
        (BENCH_HELD, value, number),
        (BENCH_CUSTODY, CUSTODY, number),
    )


def on_aiokafka(address: KafkaAddress, backlog: Backlog, group: str) -> None:
    async def all_partitions() -> None:
        await asyncio.gather(
            *(on_one_partition(address, backlog, group, number) for number in range(PARTITIONS))
        )

    uvloop.run(all_partitions())


async def on_one_partition(address: KafkaAddress, backlog: Backlog, group: str, number: int) -> None:
    tp, consumer = TopicPartition(SUBMISSION_RECEIVED.name, number), reader(address)
    producer = transactional_producer(address, transactional_id=f"{group}.{number}", timeout_ms=12_000)
    await consumer.start()
    consumer.assign([tp])
    consumer.seek(tp, backlog.starts[number])
    await producer.start()
    known = {BENCH_ROUTED, BENCH_HELD, BENCH_CUSTODY, *backlog.inboxes.values()}
    await asyncio.gather(*map(producer.partitions_for, known))
    while True:
        records = (await consumer.getmany(tp, timeout_ms=1000, max_records=BATCH)).get(tp, [])
        if not records:
            continue
        await producer.begin_transaction()
        sending = [
            await producer.send(topic, value, key=r.key, partition=partition, headers=[*r.headers])
            for r in records
            for topic, value, partition in outputs(backlog, r.key, r.value, number)
        ]
        await asyncio.gather(*sending)
        await producer.send_offsets_to_transaction({tp: records[-1].offset + 1}, group)
        await producer.commit_transaction()


def on_librdkafka(address: KafkaAddress, backlog: Backlog, group: str) -> None:
    common: dict[str, Any] = {
        "bootstrap.servers": address.bootstrap,
        "security.protocol": address.security_protocol,
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": address.username,
        "sasl.password": address.password,
    }
    consumer = Consumer({**common, "group.id": group, "enable.auto.commit": False})
    producer = Producer(
        {
            **common,
            "transactional.id": group,
            "linger.ms": 0,
            "compression.type": "zstd",
            "message.max.bytes": MAX_RECORD_BYTES,
        }
    )
    consumer.assign(
        [Position(SUBMISSION_RECEIVED.name, number, start) for number, start in enumerate(backlog.starts)]
    )
    producer.list_topics(timeout=10)
    producer.init_transactions()
    while True:
        records = consumer.consume(LIBRDKAFKA_BATCH, timeout=0.2)
        if not records:
            continue
        producer.begin_transaction()
        for r in records:
            headers: Headers = tuple(r.headers() or ())  # type: ignore[arg-type] # we have written bytes
            for topic, value, partition in outputs(backlog, r.key(), r.value(), r.partition()):  # type: ignore[arg-type] # as above
                producer.produce(topic, value, r.key(), partition, headers=[*headers])
            producer.poll(0)
        producer.send_offsets_to_transaction(
            consumer.position(consumer.assignment()), consumer.consumer_group_metadata()
        )
        producer.commit_transaction()

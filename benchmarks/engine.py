"""How much does the Kafka-to-Kafka engine cost over a bare aiokafka transaction loop with the same records?

Both read one backlog of six partitions and write, per input, an inbox record (450 topics weighted like
populations, or one), a routed, a held and a state record; the engine keeps state, checks and measures.
"""

import argparse
import asyncio
import logging
import random
import secrets
import time
from collections.abc import Sequence
from statistics import median

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from confluent_kafka.cimpl import NewTopic

from amtsweg.stack.kafka import Kafka
from benchmarks.support.surroundings import own_kafka, tell
from shared.engine import KafkaToKafka, Plan, State
from shared.kafka.client import KafkaAddress, idempotent_producer, reader, transactional_producer
from shared.kafka.output_topics import OutputTopics
from shared.kafka.records import Message, Record, partition_of
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry

PARTITIONS = 6
BATCH = 600
HEADERS = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"6f0a2f1e-6c55-5d1f-9d6e-2f3b1f6b7a10"),
    ("ce_source", b"urn:amtsweg:router"),
    ("ce_type", b"de.amtsweg.SubmissionRouted.v1"),
    ("ce_time", b"2026-01-12T09:30:00.000Z"),
    ("ce_caseid", b"6f0a2f1e-6c55-5d1f-9d6e-2f3b1f6b7a10"),
    ("content-type", b"application/json"),
]
ROUTED = secrets.token_hex(300).encode()
STATE = secrets.token_hex(200).encode()


class Topics:
    """Fresh topics of one run."""

    def __init__(self, kafka: Kafka, inboxes: int) -> None:
        run = secrets.token_hex(3)
        self.source, self.routed, self.held, self.state = (
            f"{name}-{run}" for name in ("source", "routed", "held", "state")
        )
        self.dead = f"dead-{run}"
        self.inboxes = [f"inbox-{n}-{run}" for n in range(inboxes)]
        self.group = f"group-{run}"
        wide = [NewTopic(t, PARTITIONS, 1) for t in (self.source, self.routed, self.held, self.state)]
        single = [NewTopic(t, 1, 1) for t in (self.dead, *self.inboxes)]
        admin = kafka.endpoint.admin()
        for created in admin.create_topics([*wide, *single]).values():
            created.result(30)

    def inbox(self, key: bytes) -> str:
        """An inbox as populations have it: few large towns, many villages."""
        count = len(self.inboxes)
        return self.inboxes[int(count * random.Random(key).random() ** 3)]


async def fill(address: KafkaAddress, topics: Topics, count: int) -> None:
    producer = idempotent_producer(address)
    await producer.start()
    try:
        value = secrets.token_bytes(1000)
        futures = []
        for n in range(count):
            key = b"%036d" % n
            partition = partition_of(key, PARTITIONS)
            futures.append(
                await producer.send(topics.source, value, key=key, partition=partition, headers=HEADERS)
            )
        await asyncio.gather(*futures)
    finally:
        await producer.stop()


class Step:
    """The same four records as the bare loop, through the engine."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self.seen = 0

    def wants(self, record: Record, state: State) -> Sequence[str]:
        del record, state
        return ()

    def on_record(self, record: Record, state: State) -> Sequence[Message]:
        self.seen += 1
        key, value = record.key or b"", record.value
        state.put(key.decode(), STATE)
        headers = tuple(HEADERS)
        return (
            Message(self._topics.inbox(key), key, value, headers),
            Message(self._topics.routed, key, ROUTED, headers),
            Message(self._topics.held, key, value, headers),
        )

    def on_poisoned(self, record: Record, state: State) -> Sequence[Message]:  # noqa: ARG002 - the protocol asks for both
        raise AssertionError


async def through_engine(address: KafkaAddress, topics: Topics, count: int) -> float:
    step = Step(topics)
    engine = KafkaToKafka(
        Plan(
            group=topics.group,
            inputs=(topics.source,),
            dead_letters=topics.dead,
            state_topic=topics.state,
            lookup_topic=topics.held,
            batch_size=BATCH,
        ),
        step,
        address=address,
        outputs=OutputTopics([topics.routed, *topics.inboxes]),
        health=Health(),
        telemetry=Telemetry(),
    )
    return await until_done(address, topics, count, asyncio.ensure_future(engine.run()))


async def through_bare_loop(address: KafkaAddress, topics: Topics, count: int) -> float:
    return await until_done(address, topics, count, asyncio.ensure_future(bare(address, topics)))


async def bare(address: KafkaAddress, topics: Topics) -> None:
    consumer = AIOKafkaConsumer(
        **address.arguments(),
        group_id=topics.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=2 * 1024 * 1024,
    )
    consumer.subscribe([topics.source])
    await consumer.start()
    try:
        await asyncio.gather(*(bare_partition(address, topics, consumer, n) for n in range(PARTITIONS)))
    finally:
        await consumer.stop()


async def bare_partition(
    address: KafkaAddress, topics: Topics, consumer: AIOKafkaConsumer, number: int
) -> None:
    producer = transactional_producer(address, transactional_id=f"{topics.group}.{number}", timeout_ms=12_000)
    await producer.start()
    try:
        names = [topics.routed, topics.held, topics.state, *topics.inboxes]
        await asyncio.gather(*map(producer.partitions_for, names))
        tp = TopicPartition(topics.source, number)
        while True:
            records = (await consumer.getmany(tp, timeout_ms=1000, max_records=BATCH)).get(tp)
            if not records:
                continue
            await producer.begin_transaction()
            futures = []
            for r in records:
                outputs = (
                    (topics.inbox(r.key), r.value, 0),
                    (topics.routed, ROUTED, number),
                    (topics.held, r.value, number),
                    (topics.state, STATE, number),
                )
                for topic, value, partition in outputs:
                    futures.append(
                        await producer.send(topic, value, key=r.key, partition=partition, headers=HEADERS)
                    )
            await asyncio.gather(*futures)
            await producer.send_offsets_to_transaction({tp: records[-1].offset + 1}, topics.group)
            await producer.commit_transaction()
    finally:
        await producer.stop()


async def until_done(address: KafkaAddress, topics: Topics, count: int, work: asyncio.Task[None]) -> float:
    """Seconds from the first committed record to the last, as a reader of the routed topic sees them."""
    consumer = reader(address)
    await consumer.start()
    consumer.assign([TopicPartition(topics.routed, n) for n in range(PARTITIONS)])
    seen, began = 0, 0.0
    try:
        while seen < count:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                began = began or time.perf_counter()
                seen += len(batch)
            if work.done():
                await work
        return time.perf_counter() - began
    finally:
        work.cancel()
        await asyncio.wait({work})
        await consumer.stop()


async def measure(kafka: Kafka, *, count: int, runs: int) -> dict[str, object]:
    address = kafka.endpoint.address()
    result: dict[str, object] = {}
    for inboxes in (1, 450):
        rates: dict[str, list[float]] = {"bare": [], "engine": []}
        for _ in range(runs):
            for name, through in (("bare", through_bare_loop), ("engine", through_engine)):
                topics = Topics(kafka, inboxes)
                await fill(address, topics, count)
                rates[name].append(count / await through(address, topics, count))
        ratios = [e / b for e, b in zip(rates["engine"], rates["bare"], strict=True)]
        result[f"fan-out {inboxes}"] = {
            "bare/s": round(median(rates["bare"])),
            "engine/s": round(median(rates["engine"])),
            "ratio": round(median(ratios), 2),
            "ratios": [round(r, 2) for r in ratios],
        }
    return result


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=20_000)
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with own_kafka() as kafka:
        tell(__doc__, asyncio.run(measure(kafka, count=chosen.count, runs=chosen.runs)))


if __name__ == "__main__":
    main()

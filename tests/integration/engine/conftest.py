"""Engines on real Kafka: how tests start one, feed it and read what came out."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.structs import TopicPartition

from shared.engine import KafkaToKafka, Plan, Processor, Punctuate
from shared.events.envelope import Event, encode
from shared.events.ids import operations_id
from shared.events.operation import GoOnOrdered, RecordPlace, ReplayOrdered
from shared.events.payload import Payload
from shared.kafka.client import KafkaAddress, idempotent_producer
from shared.kafka.dead_letters import origin
from shared.kafka.output_topics import OutputTopics
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Message, Record, partition_of
from shared.postgres.pool import Pool, open_pool
from shared.postgres.tables import offsets_table, outbox_table
from shared.service.run import Component
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.support.batches import batch, body_of, send_batch
from tests.support.following import followed
from tests.support.stack import Database, KafkaAccess, unique


@pytest.fixture
def address(kafka: KafkaAccess) -> KafkaAddress:
    return kafka.address


@dataclass
class Bench:
    """Topics of one test, and what can be done with them."""

    kafka: KafkaAccess
    address: KafkaAddress
    health: Health = field(default_factory=Health)
    telemetry: Telemetry = field(default_factory=Telemetry)
    group: str = field(default_factory=lambda: unique("group"))
    counts: dict[str, int] = field(default_factory=dict)

    def topic(self, prefix: str, *, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        name = self.kafka.topic(prefix, partitions=partitions, config=config)
        self.counts[name] = partitions
        return name

    async def send(self, *messages: Message) -> None:
        producer = idempotent_producer(self.address)
        await producer.start()
        try:
            futures = [
                await producer.send(
                    m.topic,
                    m.value,
                    key=m.key,
                    headers=[*m.headers],
                    partition=partition_of(m.key, self.counts[m.topic]),
                )
                for m in messages
            ]
            await asyncio.gather(*futures)
        finally:
            await producer.stop()

    async def order(self, plan: Plan, *orders: ReplayOrdered | GoOnOrdered) -> None:
        """Order the group of a plan whose inputs have one partition."""
        subject = operations_id(plan.group)
        for data in orders:
            event: Event[Payload] = Event(
                id=uuid4(),
                source="urn:amtsweg:tests",
                time=datetime.now(UTC),
                case_id=subject,
                submission_id=subject,
                data=data,
            )
            await self.send(encode(event, plan.operations))

    async def send_with_header_name(self, name: bytes, message: Message) -> None:
        """Send what aiokafka itself refuses to write: a header whose name is any bytes."""
        placeholder = "h" * len(name)
        body = body_of(message.value or b"", key=message.key, header=placeholder)
        assert placeholder.encode() in body
        assert await self.send_batch(message.topic, batch(b"", body=body.replace(placeholder.encode(), name)))

    async def send_batch(self, topic: str, made: bytes) -> bool:
        """Send a batch as it is, to the first partition; return whether the broker has taken it."""
        return await send_batch(self.address, topic, made)

    async def read(self, topic: str) -> list[Record]:
        """The topic's committed records as they are now."""
        partitions = {TopicPartition(topic, n): 0 for n in range(self.counts[topic])}
        return [r async for records in read_to_end(self.address, partitions) for r in records]

    async def read_until(self, topic: str, count: int, *, seconds: float = 120) -> list[Record]:
        """The topic's records once there are so many."""
        async with (
            asyncio.timeout(seconds),
            aclosing(followed(self.address, topic, partitions=self.counts[topic])) as records,
        ):
            for _ in range(count):
                await anext(records)
        return await self.read(topic)

    async def until_unready(self, *, seconds: float = 120) -> str:
        """Wait until the group's engine says that it does not work, and why."""
        async with asyncio.timeout(seconds):
            while (part := self.health.part(self.group)).standing != "unready":  # noqa: ASYNC110 - the engine says it
                await asyncio.sleep(0.05)
        return part.reason

    def forget_group(self) -> None:
        """Remove the group with all its offsets, as Kafka does when nobody has been there for long."""
        admin = self.kafka.part.endpoint.admin()
        for future in admin.delete_consumer_groups([self.group]).values():
            future.result(20)

    def metric(self, name: str) -> float:
        """A counter of this bench's group, all other labels added up."""
        found = self.telemetry.registry.collect()
        samples = (sample for metric in found for sample in metric.samples)
        return sum(
            s.value
            for s in samples
            if s.name == f"amtsweg_{name}_total" and s.labels.get("group") == self.group
        )

    async def until_metric(self, name: str, value: float, *, seconds: float = 120) -> None:
        """Wait until the counter has come so far."""
        async with asyncio.timeout(seconds):
            while self.metric(name) < value:  # noqa: ASYNC110 - it is the engine that counts
                await asyncio.sleep(0.05)

    def engine(
        self, plan: Plan, processor: Processor, *outputs: str, punctuate: Punctuate | None = None
    ) -> KafkaToKafka:
        return KafkaToKafka(
            plan,
            processor,
            address=self.address,
            outputs=OutputTopics(outputs),
            health=self.health,
            telemetry=self.telemetry,
            punctuate=punctuate,
        )


def replay_of(letter: Record, *, group: str) -> ReplayOrdered:
    """The order to try the record of this letter again."""
    came = origin(letter.headers)
    place = RecordPlace(topic=came.topic, partition=came.partition, offset=came.offset)
    return ReplayOrdered(group=group, record=place, principal="operator")


@pytest.fixture
def bench(kafka: KafkaAccess, address: KafkaAddress) -> Bench:
    return Bench(kafka, address)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """A schema with the runtime's tables and one for effects."""
    connection = await asyncpg.connect(database.url)
    await connection.execute("CREATE SCHEMA service; SET search_path TO service")
    for statement in (*offsets_table(), *outbox_table(), EFFECTS):
        await connection.execute(statement)
    await connection.close()
    async with await open_pool(database.url, schema="service") as pool:
        yield pool


EFFECTS = """
    CREATE TABLE effects (
        id bigint GENERATED ALWAYS AS IDENTITY, topic text, partition integer, "offset" bigint, value bytea
    )
"""


@asynccontextmanager
async def running(part: Component) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a part beside the test, and end it in order."""
    task = asyncio.ensure_future(part.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})

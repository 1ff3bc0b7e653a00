"""Readers of every inbox, and what they and the senders note about each submission."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.kafka.client import KafkaAddress, reader

INBOXES_PER_READER = 30
PATIENCE_SECONDS = 60.0

Latencies = dict[str, list[float]]
"""Milliseconds of a round, ascending: until ``answered``, until ``readable``."""


@dataclass(slots=True)
class Watch:
    """When each submission was due, answered and readable, by id; seconds of one clock."""

    due: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    readable: dict[str, float] = field(default_factory=dict)

    def clear(self) -> None:
        """Begin a round."""
        for noted in (self.due, self.answered, self.readable):
            noted.clear()

    def latencies(self) -> Latencies:
        return {
            name: sorted(1000 * (at[key] - due) for key, due in self.due.items())
            for name, at in (("answered", self.answered), ("readable", self.readable))
        }

    async def complete(self) -> None:
        """Wait until everything that was due is readable."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.due.keys() <= self.readable.keys() & self.answered.keys():  # noqa: ASYNC110 - an event per record would be measured too
                await asyncio.sleep(0.02)


@asynccontextmanager
async def inboxes_read(address: KafkaAddress, inboxes: Sequence[str], watch: Watch) -> AsyncIterator[None]:
    """Note when each record can be read; ``ce_submissionid`` says whose it is."""
    consumers: list[AIOKafkaConsumer] = []
    for start in range(0, len(inboxes), INBOXES_PER_READER):
        consumer = reader(address)
        await consumer.start()
        consumer.assign([TopicPartition(name, 0) for name in inboxes[start : start + INBOXES_PER_READER]])
        await consumer.seek_to_end()
        consumers.append(consumer)
    reading = [asyncio.ensure_future(_read(consumer, watch)) for consumer in consumers]
    try:
        yield
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*(consumer.stop() for consumer in consumers))


async def _read(consumer: AIOKafkaConsumer, watch: Watch) -> None:
    while True:
        batches = await consumer.getmany(timeout_ms=10_000)
        now = time.perf_counter()
        for batch in batches.values():
            for record in batch:
                watch.readable.setdefault(dict(record.headers)["ce_submissionid"].decode(), now)

"""How far the inputs have been replayed, and the contacts that the router still holds: asked once, at the start."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.notifier.ports import StoreAway
from shared.events.envelope import Event, Undecodable, carries, decode
from shared.events.submission import SubmissionHeld
from shared.events.topics import SUBMISSION_HELD, Topic
from shared.runtime import kafka
from shared.runtime.errors import Unavailable
from shared.runtime.kafka import KafkaAddress
from shared.runtime.postgres import Pool, reaching_postgres

_ASK_AGAIN_SECONDS = 0.2
_PATIENCE_MS = 500

Offsets = Mapping[TopicPartition, int]


class Inputs:
    """The consumed topics: their ends as they were when this process first looked, and what is applied."""

    def __init__(self, address: KafkaAddress, pool: Pool, *, consumer: str, topics: Sequence[Topic]) -> None:
        self._address = address
        self._pool = pool
        self._consumer = consumer
        self._topics = topics
        self._behind: dict[TopicPartition, int] | None = None

    async def replayed(self) -> None:
        """Return when everything before the noted ends has been applied.

        Raises:
            StoreAway: Kafka or PostgreSQL cannot be asked.
        """
        reader = kafka.reader(self._address)
        try:
            await reader.start()
            ends = await _ends(reader, self._topics)
            self._behind = dict(ends) if self._behind is None else self._behind
            while self._behind:
                for partition, offset in (await self._applied()).items():
                    if await self._reached(reader, partition, offset):
                        del self._behind[partition]
                await asyncio.sleep(_ASK_AGAIN_SECONDS if self._behind else 0)
        except (KafkaError, Unavailable) as away:
            raise StoreAway(f"the inputs' ends cannot be compared: {type(away).__name__}") from away
        finally:
            await kafka.close(reader.stop())

    async def _applied(self) -> Offsets:
        query = "SELECT topic, partition, next FROM offsets WHERE consumer = $1"
        with reaching_postgres():
            rows = await self._pool.fetch(query, self._consumer)
        stored = {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}
        return {partition: stored.get(partition, 0) for partition in self._behind or ()}

    async def _reached(self, reader: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> bool:
        end = (self._behind or {})[partition]
        if offset >= end:
            return True
        # What remains may be only marks of ended transactions, which nobody ever applies.
        first = (await reader.beginning_offsets([partition]))[partition]
        reader.seek(partition, max(offset, first))
        found = await reader.getmany(partition, timeout_ms=_PATIENCE_MS, max_records=1)
        records = found.get(partition, ())
        reached: int = records[0].offset if records else await reader.position(partition)
        return reached >= end


class HeldSubmissions:
    """The open cases' sealed objects on ``submission.held``: there a contact outlives its 30 days."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address

    async def read(self) -> AsyncIterator[list[Event[SubmissionHeld]]]:
        """Every held submission, in batches, up to the topic's ends as they are now.

        Raises:
            StoreAway: Kafka cannot be reached.
        """
        reader = kafka.reader(self._address)
        try:
            await reader.start()
            ends = dict(await _ends(reader, [SUBMISSION_HELD]))
            await reader.seek_to_beginning(*ends)
            while ends:
                batches = await reader.getmany(*ends, timeout_ms=_PATIENCE_MS, max_records=100)
                yield [e for records in batches.values() for r in records if (e := _held(r.value, r.headers))]
                ends = {p: end for p, end in ends.items() if await reader.position(p) < end}
        except KafkaError as away:
            raise StoreAway(f"held submissions cannot be read: {type(away).__name__}") from away
        finally:
            await kafka.close(reader.stop())


async def _ends(reader: AIOKafkaConsumer, topics: Sequence[Topic]) -> Offsets:
    """Assign every partition; return the offset after the last record that can be read in each."""
    partitions = [
        TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)
    ]
    reader.assign(partitions)
    ends: Offsets = await reader.end_offsets(partitions)
    return ends


def _held(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Event[SubmissionHeld] | None:
    try:
        event = decode(value, headers, (SubmissionHeld,))
    except Undecodable:
        return None  # a tombstone of a closed case, or what the router alone could have written wrong
    return event if carries(event, SubmissionHeld) else None

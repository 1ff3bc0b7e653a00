"""How far the inputs have been replayed, and the contacts that the router still holds: asked once, at the start."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from services.notifier.ports import StoreAway
from shared.errors import Unavailable
from shared.events.envelope import Event, Undecodable, carries, decode
from shared.events.submission import SubmissionHeld
from shared.events.topics import SUBMISSION_HELD, Topic
from shared.kafka import client as kafka
from shared.kafka.client import KafkaAddress
from shared.kafka.read_to_end import read_to_end, unread
from shared.kafka.records import Record
from shared.postgres.pool import Pool, reaching_postgres

_ASK_AGAIN_SECONDS = 0.2


class Inputs:
    """The consumed topics: their ends as they were when this process first looked, and what is applied."""

    def __init__(self, address: KafkaAddress, pool: Pool, *, consumer: str, topics: Sequence[Topic]) -> None:
        self._address = address
        self._pool = pool
        self._consumer = consumer
        self._partitions = _partitions(*topics)
        self._behind: dict[TopicPartition, int] | None = None

    async def replayed(self) -> None:
        """Return when everything before the noted ends has been applied.

        Raises:
            StoreAway: Kafka or PostgreSQL cannot be asked.
        """
        reader = kafka.reader(self._address)
        try:
            await reader.start()
            if self._behind is None:
                self._behind = await reader.end_offsets(self._partitions)
            while self._behind:
                self._behind = await unread(reader, starts=await self._applied(), ends=self._behind)
                await asyncio.sleep(_ASK_AGAIN_SECONDS if self._behind else 0)
        except (KafkaError, Unavailable) as away:
            raise StoreAway(f"the inputs' ends cannot be compared: {type(away).__name__}") from away
        finally:
            await kafka.close(reader.stop())

    async def _applied(self) -> Mapping[TopicPartition, int]:
        query = "SELECT topic, partition, next FROM offsets WHERE consumer = $1"
        with reaching_postgres():
            rows = await self._pool.fetch(query, self._consumer)
        return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}


class HeldSubmissions:
    """The open cases' sealed objects on ``submission.held``: there a contact outlives its 30 days."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address

    async def read(self) -> AsyncIterator[list[Event[SubmissionHeld]]]:
        """Every held submission, in batches, up to the topic's ends as they are now.

        Raises:
            StoreAway: Kafka cannot be reached.
        """
        try:
            async for records in read_to_end(self._address, dict.fromkeys(_partitions(SUBMISSION_HELD), 0)):
                yield [event for record in records if (event := _held(record)) is not None]
        except (KafkaError, Unavailable) as away:
            raise StoreAway(f"held submissions cannot be read: {type(away).__name__}") from away


def _partitions(*topics: Topic) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]


def _held(record: Record) -> Event[SubmissionHeld] | None:
    try:
        event = decode(record.value, record.headers, SUBMISSION_HELD.payloads)
    except Undecodable:
        return None  # a tombstone of a closed case, or what the router alone could have written wrong
    return event if carries(event, SubmissionHeld) else None

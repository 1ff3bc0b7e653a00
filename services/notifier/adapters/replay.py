"""How far the inputs have been replayed, and the contacts that the router still holds: asked before anything is sent."""

from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.ports import StoreAway
from shared.errors import Unavailable
from shared.events.envelope import Event, Undecodable, carries, decode
from shared.events.submission import SubmissionHeld
from shared.events.topics import SUBMISSION_HELD, Topic
from shared.kafka.caught_up import caught_up
from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record
from shared.postgres import pool as postgres
from shared.postgres.pool import Pool

_ASK_AGAIN_SECONDS = 0.2


class Inputs:
    """The consumed topics: how far they reach now, and what of them is applied."""

    def __init__(
        self, address: KafkaAddress, pool: Pool, *, history: StoreHistory, topics: Sequence[Topic]
    ) -> None:
        self._address = address
        self._pool = pool
        self._history = history
        self._topics = [topic.name for topic in topics]

    async def replayed(self) -> None:
        """Return when everything has been applied that lies on the topics at this call.

        The ends are asked for at each call: a store that comes back from the past has forgotten what was
        applied after an earlier one.

        Raises:
            StoreAway: Kafka or PostgreSQL cannot be asked, or PostgreSQL was replaced meanwhile.
        """
        try:
            await caught_up(
                self._address, *self._topics, stored=self._applied, every_seconds=_ASK_AGAIN_SECONDS
            )
        except (KafkaError, Unavailable) as away:
            raise StoreAway(f"the inputs' ends cannot be compared: {type(away).__name__}") from away

    async def _applied(self) -> Mapping[TopicPartition, int]:
        async with postgres.transaction(self._pool) as connection:
            return await self._history.verify(connection)


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
            partitions = await partitions_of(self._address, SUBMISSION_HELD.name)
            async for records in read_to_end(self._address, dict.fromkeys(partitions, 0), faults=True):
                yield [event for record in records if (event := _held(record)) is not None]
        except (KafkaError, Unavailable) as away:
            raise StoreAway(f"held submissions cannot be read: {type(away).__name__}") from away


def _held(record: Record) -> Event[SubmissionHeld] | None:
    try:
        event = decode(record.value, record.headers, SUBMISSION_HELD.payloads)
    except Undecodable:
        return None  # a tombstone of a closed case, or bytes that nobody can read
    return event if carries(event, SubmissionHeld) else None

"""A batch's effects and its next offsets in one PostgreSQL transaction."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.engine.assignment import Unit
from shared.engine.failure_policy import DeadLetterVerdict
from shared.engine.plan import Plan
from shared.engine.projector import Projector
from shared.engine.sink import Replaced, UnsettledLetter, Work
from shared.engine.topic_ids import TopicIds
from shared.errors import Unavailable
from shared.kafka.dead_letters import letter_key
from shared.kafka.records import Message, Record
from shared.postgres import offsets
from shared.postgres.outbox import enqueue
from shared.postgres.pool import Connection, Pool, transaction


class PostgresSink:
    """One unit's ``Sink``: it advances the stored offsets only from the expected ones, which fences off a former owner.

    With ``look`` it checks, every so many seconds, whether the stored offsets are behind what it has committed: after a
    restore or a failover the store lacks the latest effects, and without new records nobody would notice.
    """

    def __init__(self, plan: Plan, projector: Projector, *, pool: Pool, look: float | None = None) -> None:
        self._look = look
        self._look_at: float | None = None
        self.portion: Final = plan.batch_size
        self._plan = plan
        self._projector = projector
        self._pool = pool
        self._expected: dict[TopicPartition, int] = {}
        self._blocked: set[bytes] = set()

    async def open(
        self, consumer: AIOKafkaConsumer, unit: Unit, topics: TopicIds
    ) -> Mapping[TopicPartition, int]:
        self._look_at = self._next_look()
        firsts = await consumer.beginning_offsets(list(unit))
        async with transaction(self._pool) as connection:
            anew = topics.anew(await offsets.topic_ids(connection, self._plan.group, unit))
            await offsets.begin_anew(
                connection, self._plan.group, {tp: first for tp, first in firsts.items() if tp.topic in anew}
            )
            self._expected = await offsets.read(connection, self._plan.group, firsts)
            await offsets.keep_topic_ids(connection, self._plan.group, topics.now, unit)
            self._blocked = await offsets.blocked_keys(connection, self._plan.group)
        return self._expected

    async def transact(self, records: Sequence[Record], work: Work) -> None:
        to, expected = next_offsets(records), self._expected
        with _fenced():
            async with transaction(self._pool) as connection:
                # First the fence: it waits for a predecessor's transaction and fails if that one committed.
                await offsets.advance(connection, self._plan.group, expected=expected, to=to)
                filling = _PostgresTransaction(connection, self._plan, self._projector, self._blocked)
                reached = expected | next_offsets(await work(filling))
                if back := {tp: reached[tp] for tp in to if reached[tp] != to[tp]}:
                    await offsets.advance(connection, self._plan.group, expected=to, to=back)
            blocked = filling.blocked_then()
        if self._expected is expected:  # otherwise the unit was reopened during the commit
            self._expected, self._blocked = reached, blocked

    def due(self) -> float | None:
        return self._look_at

    async def punctuate(self) -> None:
        """Check whether the store was restored to an earlier state; if it cannot be reached, the next batch will show it.

        Raises:
            Unavailable: it was; the unit is reopened and reads the lost part again.
        """
        self._look_at = self._next_look()
        expected, stored = self._expected, self._expected
        with suppress(Unavailable):
            stored = await offsets.stored(self._pool, self._plan.group)
        if self._expected is expected and any(stored.get(tp, 0) < known for tp, known in expected.items()):
            raise Unavailable("the database was restored to an earlier state; the lost part is read again")

    def _next_look(self) -> float | None:
        return None if self._look is None else time.monotonic() + self._look

    async def close(self) -> None:
        """Do nothing: no connection is held between transactions."""


class _PostgresTransaction:
    def __init__(self, connection: Connection, plan: Plan, projector: Projector, blocked: set[bytes]) -> None:
        self._connection = connection
        self._plan = plan
        self._projector = projector
        self._blocked = {*blocked}

    def blocks(self, record: Record) -> bool:
        return record.key is not None and letter_key(record.key) in self._blocked

    async def apply(self, records: Sequence[Record]) -> None:
        async with self._connection.transaction():  # a savepoint
            await self._projector.apply(self._connection, records)

    async def set_aside(self, record: Record, verdict: DeadLetterVerdict) -> None:
        await enqueue(self._connection, verdict.letter(record, self._plan))
        blocks = verdict.kind == "internal-error" and record.key is not None
        await offsets.note_letter(self._connection, self._plan.group, record, blocks=blocks)
        if blocks:
            self._blocked.add(letter_key(record.key))

    async def unsettled(self, origin: str) -> UnsettledLetter | None:
        first = await offsets.first_of_its_key(self._connection, self._plan.group, origin)
        return None if first is None else UnsettledLetter(first=first)

    async def blocking(self, key: bytes) -> Sequence[str]:
        return await offsets.blocking(self._connection, self._plan.group, letter_key(key))

    async def report(self, told: Message, *, settles: str | None = None) -> None:
        await enqueue(self._connection, told)
        if settles is not None:
            await offsets.unblock(self._connection, self._plan.group, settles)
            self._blocked = await offsets.blocked_keys(self._connection, self._plan.group)

    def blocked_then(self) -> set[bytes]:
        """The keys that are blocked if this transaction commits."""
        return self._blocked


def next_offsets(records: Sequence[Record]) -> dict[TopicPartition, int]:
    """By partition, the offset after the last of these records."""
    return {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}


@contextmanager
def _fenced() -> Iterator[None]:
    try:
        yield
    except offsets.Fenced as fenced:
        raise Replaced(str(fenced)) from fenced

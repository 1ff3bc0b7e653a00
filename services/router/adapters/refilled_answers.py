"""The book of answers, complete after a restore: what the doors took since the backup is entered again, from Kafka.

Without that an authority that repeats an answer would be told that it has no effect, because the first one has had it,
and another answer under the same id would be taken and then passed over by the router.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.router.adapters.postgres.answers import PostgresAnswers
from services.router.domain.cases.answering import AnswerEntry, AnswerFound, entry_of
from shared.backoff import Backoff
from shared.errors import Unavailable, Undecodable
from shared.events.case import CaseAnswered
from shared.events.envelope import carries, decode
from shared.events.topics import CASE_ANSWERED
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record
from shared.kafka.since import first_since
from shared.telemetry.health import Condition

_OVERLAP: Final = timedelta(minutes=2)
"""How far two processes that write at the same time, and their clocks, may be apart."""


class RefilledAnswers:
    """Implements `services.router.ports.AnswerBook`. Until ``run`` has refilled it, it raises ``Unavailable``."""

    def __init__(
        self, book: PostgresAnswers, address: KafkaAddress, *, secret: bytes, condition: Condition
    ) -> None:
        self._book = book
        self._address = address
        self._secret = secret
        self._condition = condition
        self._complete = False
        self._log = structlog.get_logger().bind(part="answers")
        condition.set("unready", reason="the book of answers is being completed from Kafka")

    async def run(self) -> None:
        """Refill once, then do nothing until cancelled."""
        pause = Backoff()
        while not self._complete:
            try:
                await self._refill()
                self._complete = True
            except (Unavailable, KafkaError, OSError) as error:
                self._log.warning("book of answers not completed", error=error, next=pause.next_seconds)
                await pause.sleep()
        self._condition.set("ready")
        await asyncio.Event().wait()

    async def enter(self, entry: AnswerEntry) -> AnswerFound | None:
        return await self._certain().enter(entry)

    async def find(self, authority: str, own_id: str) -> AnswerFound | None:
        return await self._certain().find(authority, own_id)

    async def claim(self, entry: AnswerEntry) -> bool:
        return await self._certain().claim(entry)

    async def settle(self, entry: AnswerEntry, *, taken: bool) -> None:
        await self._certain().settle(entry, taken=taken)

    def _certain(self) -> PostgresAnswers:
        if not self._complete:
            raise Unavailable("the book of answers is being completed; try again")
        return self._book

    async def _refill(self) -> None:
        entered = 0
        async for records in read_to_end(self._address, await self._starts()):
            entered += await self._book.refill(self._entries(records))
        if entered:
            self._log.warning("answers entered again that the database had lost", count=entered)

    async def _starts(self) -> Mapping[TopicPartition, int]:
        """Where that begins which the book may not know; all that Kafka still has, if it knows nothing."""
        newest = await self._book.newest()
        since = 0.0 if newest is None else (newest - _OVERLAP).timestamp()
        consumer = reader(self._address)
        try:
            await consumer.start()
            partitions = await partitions_of(self._address, CASE_ANSWERED.name)
            return await first_since(consumer, partitions, since_ms=int(since * 1000))
        finally:
            await close(consumer)

    def _entries(self, records: Sequence[Record]) -> Sequence[AnswerEntry]:
        found: dict[tuple[str, str], AnswerEntry] = {}
        for record in records:
            try:
                event = decode(record.value, record.headers, CASE_ANSWERED.payloads)
            except Undecodable as error:
                self._log.warning("answer not entered again", offset=record.offset, error=error)
                continue
            if carries(event, CaseAnswered):
                entry = entry_of(event, secret=self._secret)
                found.setdefault((entry.authority, entry.own_id), entry)
        return [*found.values()]

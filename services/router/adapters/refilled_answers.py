"""The store of answers, complete after a restore: what the doors took since the backup is entered again, from Kafka.

Without that an authority that repeats an answer would be told that it has no effect, because the first one has had it,
and another answer under the same id would be taken and then passed over by the router.

A mark in the database says up to where the store has what Kafka has. It holds, because an answer is entered before it is
sent; its number only grows. A process that meets a lower number than it has seen, or a database that was started
anew, enters again what lies behind the mark before it takes another answer.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Never

import structlog
from aiokafka.errors import KafkaError

from services.router.adapters.answered_records import AnsweredRecords
from services.router.adapters.postgres.answers import AnswerMark, AnswersSetBack, PostgresAnswers
from services.router.domain.cases.answering import AnswerEntry, AnswerFound, entry_of
from shared.backoff import Backoff
from shared.errors import Unavailable, Undecodable
from shared.events.case import CaseAnswered
from shared.events.envelope import carries, decode
from shared.events.topics import CASE_ANSWERED
from shared.kafka.records import Record
from shared.telemetry.health import Condition

_MARK_SECONDS: Final = 5.0
"""How often the mark moves on: so much is read again after a start, and a backup that is younger is not noticed."""


class RefilledAnswers:
    """Implements `services.router.ports.AnswerStore`. Until ``run`` has refilled it, it raises ``Unavailable``."""

    def __init__(
        self, store: PostgresAnswers, topic: AnsweredRecords, *, secret: bytes, condition: Condition
    ) -> None:
        self._store = store
        self._topic = topic
        self._secret = secret
        self._condition = condition
        self._mark: AnswerMark | None = None
        self._set_back = asyncio.Event()
        self._log = structlog.get_logger().bind(part="answers")
        self._doubt()

    async def run(self) -> None:
        """Refill, and keep the mark near the end, until cancelled."""
        try:
            await self._keep_up()
        finally:
            await self._topic.close()

    async def _keep_up(self) -> Never:
        pause = Backoff()
        while True:
            self._set_back.clear()
            try:
                await (self._refill() if self._mark is None else self._move_on(self._mark))
            except (Unavailable, KafkaError, OSError) as error:
                self._log.warning("store of answers not completed", error=error, next=pause.next_seconds)
                await pause.sleep()
                continue
            pause.reset()
            await self._rest()

    async def enter(self, entry: AnswerEntry) -> AnswerFound | None:
        with self._noticing():
            return await self._certain().enter(entry)

    async def find(self, authority: str, own_id: str) -> AnswerFound | None:
        with self._noticing():
            return await self._certain().find(authority, own_id)

    async def claim(self, entry: AnswerEntry) -> bool:
        return await self._certain().claim(entry)

    async def settle(self, entry: AnswerEntry, *, taken: bool) -> None:
        await self._store.settle(entry, taken=taken)

    async def withdraw(self, entry: AnswerEntry) -> None:
        await self._store.withdraw(entry)

    def _certain(self) -> PostgresAnswers:
        if self._mark is None:
            raise Unavailable("the store of answers is being completed; try again")
        return self._store

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except AnswersSetBack:
            self._doubt()
            raise

    def _doubt(self) -> None:
        self._mark = None
        self._set_back.set()
        self._condition.set("unready", reason="the store of answers is being completed from Kafka")

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_MARK_SECONDS):
                await self._set_back.wait()
        except TimeoutError:
            return

    async def _refill(self) -> None:
        """Enter what lies behind the mark. Killed in the middle, the next start does so from the same mark."""
        mark, ends = await self._store.mark(), await self._topic.ends()
        entered = 0
        async for records in self._topic.since(_starts(mark, ends)):
            entered += await self._store.refill(self._entries(records))
        if entered:
            self._log.warning("answers entered again that the database had lost", count=entered)
        await self._advance(mark, ends)
        self._condition.set("ready")

    async def _move_on(self, known: AnswerMark) -> None:
        mark = await self._store.mark()
        if not known.known_by(number=mark.number, server=mark.server):
            self._doubt()
            return
        ends = await self._topic.ends()
        if ends == mark.ends:
            self._rely_on(mark)
        else:
            await self._advance(mark, ends)

    async def _advance(self, mark: AnswerMark, ends: Sequence[int]) -> None:
        advanced = await self._store.advance(mark, ends)
        if advanced is None:
            raise Unavailable("another process has moved the mark of the store of answers")
        self._rely_on(advanced)

    def _rely_on(self, mark: AnswerMark) -> None:
        self._store.expect(mark)
        self._mark = mark

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


def _starts(mark: AnswerMark, ends: Sequence[int]) -> list[int]:
    """Where to read on; from the first record where the topic ends before the mark, for then it is another topic."""
    known = [*mark.ends, *[0] * len(ends)]
    return [place if place <= end else 0 for place, end in zip(known, ends, strict=False)]

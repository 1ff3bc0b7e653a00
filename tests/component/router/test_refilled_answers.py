"""The store of answers has everything again that Kafka has, whenever its refilling is killed and whoever refills beside it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import cast

import pytest
from aiokafka.errors import KafkaConnectionError

from services.router.adapters.answered_records import AnsweredRecords
from services.router.adapters.postgres.answers import AnswerMark, AnswersSetBack, PostgresAnswers
from services.router.adapters.refilled_answers import RefilledAnswers
from services.router.domain.cases.answering import AnswerEntry, AnswerFound, answered
from shared.errors import Unavailable
from shared.events.envelope import encode
from shared.events.topics import CASE_ANSWERED
from shared.kafka.records import Record
from shared.telemetry.health import Health
from tests.contracts.router.answer_store import ACCEPTED, entry
from tests.contracts.router.fakes import FakeAnswerStore
from tests.support.events import GIESSEN, RECEIVED_AT

pytestmark = pytest.mark.slow

PARTITIONS = 2


@dataclass
class Database(FakeAnswerStore):
    """What PostgreSQL keeps of the store, for all processes; each looks at it through a `AnswerRows`."""

    kept: AnswerMark = field(default_factory=AnswerMark)
    server: datetime = RECEIVED_AT

    def backup(self) -> "Database":
        return Database(found=dict(self.found), kept=self.kept)

    def set_back(self, to: "Database") -> None:
        self.found, self.kept = dict(to.found), to.kept


@dataclass
class AnswerRows:
    """Stands for `PostgresAnswers` in one process."""

    database: Database
    expected: AnswerMark = field(default_factory=AnswerMark)

    async def enter(self, entry: AnswerEntry) -> AnswerFound | None:
        self._check()
        return await self.database.enter(entry)

    async def find(self, authority: str, own_id: str) -> AnswerFound | None:
        self._check()
        return await self.database.find(authority, own_id)

    async def refill(self, entries: Sequence[AnswerEntry]) -> int:
        new = {
            (each.authority, each.own_id): AnswerFound(entry=each, taken=True, running=False)
            for each in entries
        }
        before = len(self.database.found)
        self.database.found = new | self.database.found
        return len(self.database.found) - before

    async def mark(self) -> AnswerMark:
        return replace(self.database.kept, server=self.database.server)

    async def advance(self, mark: AnswerMark, ends: Sequence[int]) -> AnswerMark | None:
        if self.database.kept.number != mark.number:
            return None
        self.database.kept = AnswerMark(number=mark.number + 1, ends=tuple(ends))
        return replace(self.database.kept, server=mark.server)

    def expect(self, mark: AnswerMark) -> None:
        self.expected = mark

    def _check(self) -> None:
        if not self.expected.known_by(number=self.database.kept.number, server=self.database.server):
            raise AnswersSetBack("set back")


@dataclass
class Topic:
    """What was published, by partition. ``dies_after``: so many batches are read, then Kafka or the process is gone."""

    records: list[list[Record]] = field(default_factory=lambda: [[] for _ in range(PARTITIONS)])
    dies_after: int | None = None
    read: int = 0
    died: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def publish(self, partition: int, given: AnswerEntry) -> None:
        message = encode(answered(given, ACCEPTED, traceparent=None), CASE_ANSWERED.name)
        there = self.records[partition]
        there.append(
            Record(
                topic=message.topic,
                partition=partition,
                offset=len(there),
                timestamp_ms=0,
                key=message.key,
                value=message.value,
                headers=message.headers,
            )
        )

    async def ends(self) -> tuple[int, ...]:
        return tuple(map(len, self.records))

    async def close(self) -> None:
        self.closed = True

    async def since(self, places: Sequence[int]) -> AsyncIterator[list[Record]]:
        batches = 0
        for partition, place in enumerate(places):
            if batch := self.records[partition][place:]:
                if batches == self.dies_after:
                    self.died.set()
                    raise KafkaConnectionError
                batches += 1
                self.read += len(batch)
                yield batch


@dataclass
class Process:
    """One doors process over this database and topic, while the block runs."""

    database: Database
    topic: Topic

    async def __aenter__(self) -> RefilledAnswers:
        self.store = AnswerRows(self.database)
        self.condition = Health().part("answers")
        refilled = RefilledAnswers(
            cast("PostgresAnswers", self.store),
            cast("AnsweredRecords", self.topic),
            secret=b"s",
            condition=self.condition,
        )
        self.running = asyncio.create_task(refilled.run())
        return refilled

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.wait({self.running})
        assert self.topic.closed, "the connection to Kafka ends with the process"
        if not self.running.cancelled():
            self.running.result()


async def eventually(ask: Callable[[], Awaitable[AnswerFound | None]]) -> AnswerFound | None:
    """The answer, once the store is complete."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ask()
            except Unavailable:
                await asyncio.sleep(0.01)


def published(topic: Topic) -> list[AnswerEntry]:
    """The newest lie in the partition that is read first, so that what is missing is older than what is there."""
    entries = [entry() for _ in range(6)]
    entries = [
        replace(each, accepted_at=each.accepted_at - timedelta(hours=n)) for n, each in enumerate(entries)
    ]
    for number, each in enumerate(entries):
        topic.publish(0 if number < len(entries) // 2 else 1, each)
    return entries


async def all_known(refilled: RefilledAnswers, entries: Sequence[AnswerEntry]) -> bool:
    found = [await eventually(partial(refilled.find, each.authority, each.own_id)) for each in entries]
    return all(each is not None and each.taken for each in found)


async def test_killed_half_way_the_next_start_enters_the_older_half_too() -> None:
    database, topic = Database(), Topic(dies_after=1)
    entries = published(topic)
    async with Process(database, topic) as refilled:
        await asyncio.wait_for(topic.died.wait(), 60)
        with pytest.raises(Unavailable):
            await refilled.enter(entry())
    assert len(database.found) == len(entries) // 2

    topic.dies_after = None
    async with Process(database, topic) as refilled:
        assert await all_known(refilled, entries)


async def test_answers_before_the_mark_are_not_read_again() -> None:
    database, topic = Database(), Topic()
    published(topic)
    for _ in range(2):
        async with Process(database, topic) as refilled:
            await eventually(partial(refilled.find, GIESSEN, "x"))
    assert topic.read == sum(await topic.ends())


async def test_a_database_set_back_beneath_two_processes_is_noticed_by_both() -> None:
    database, topic = Database(), Topic()
    before = published(topic)
    async with Process(database, topic) as one, Process(database, topic) as other:
        assert await all_known(one, before)
        assert await all_known(other, before)
        backup = replace(database.backup(), kept=AnswerMark())
        since = [entry() for _ in range(2)]
        for number, each in enumerate(since):
            assert await one.enter(each) is None
            topic.publish(number, each)
        database.set_back(backup)
        for process in (one, other):
            with pytest.raises(AnswersSetBack):
                await process.enter(entry())
        for process in (one, other):
            assert await all_known(process, [*before, *since])


async def test_a_database_that_starts_anew_without_its_last_moments_has_them_again() -> None:
    database, topic = Database(), Topic()
    before = published(topic)
    async with Process(database, topic) as refilled:
        assert await all_known(refilled, before)
        backup, last = database.backup(), entry()
        assert await refilled.enter(last) is None
        topic.publish(0, last)
        database.set_back(backup)
        database.server += timedelta(seconds=1)
        with pytest.raises(AnswersSetBack):
            await refilled.enter(entry())
        assert await all_known(refilled, [*before, last])


async def test_a_topic_that_was_made_anew_is_read_from_its_first_record() -> None:
    database = Database(kept=AnswerMark(number=7, ends=(100, 100)))
    topic = Topic()
    entries = published(topic)
    async with Process(database, topic) as refilled:
        assert await all_known(refilled, entries)
    assert database.kept == AnswerMark(number=8, ends=(3, 3))

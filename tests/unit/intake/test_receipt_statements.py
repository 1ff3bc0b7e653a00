"""What submissions cost the database that come at once."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from services.intake.adapters.postgres.receipts import PostgresReceipts
from shared.errors import Unavailable
from shared.postgres.pool import Pool
from tests.contracts.intake.receipt_store import entry


class CountingPool:
    """Stands for a database that enters whatever is new to it; ``asked`` has the ids of each statement."""

    def __init__(self, *, gone: Sequence[UUID] = ()) -> None:
        self.asked: list[Sequence[UUID]] = []
        self._gone = gone

    async def fetch(self, _: str, ids: Sequence[UUID], *__: Any, timeout: float) -> list[dict[str, UUID]]:  # noqa: ASYNC109 - as asyncpg's
        self.asked.append(ids)
        await asyncio.sleep(0)
        return [{"submission_id": each} for each in ids if each not in self._gone]

    async def execute(self, _: str, ids: Sequence[UUID], *__: Any, timeout: float) -> None:  # noqa: ASYNC109 - as asyncpg's
        self.asked.append(ids)
        await asyncio.sleep(0)


async def test_submissions_that_come_at_once_are_entered_by_one_statement_and_noted_by_one() -> None:
    pool, entries = CountingPool(), [entry() for _ in range(30)]
    store = PostgresReceipts(cast("Pool", pool))

    assert await asyncio.gather(*map(store.enter, entries)) == [None] * 30
    await asyncio.gather(*(store.settle(each.submission_id, taken=True) for each in entries))

    ids = [each.submission_id for each in entries]
    assert [[*each] for each in pool.asked] == [ids, sorted(ids)]


async def test_a_submission_that_comes_alone_waits_for_nobody() -> None:
    pool = CountingPool()
    await PostgresReceipts(cast("Pool", pool)).settle(alone := uuid4(), taken=True)
    assert [[*each] for each in pool.asked] == [[alone]]


async def test_an_entry_that_is_taken_back_while_it_is_looked_for_is_not_taken_for_a_new_one() -> None:
    mine = entry()
    store = PostgresReceipts(cast("Pool", CountingPool(gone=[mine.submission_id])))
    with pytest.raises(Unavailable):
        await store.enter(mine)

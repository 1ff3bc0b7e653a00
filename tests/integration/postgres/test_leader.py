"""A lease has one leader, and what a former one has read and decided is never written over a successor's work."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.postgres.leader import Lead, LeadLost, Lease
from shared.postgres.pool import Pool, open_pool
from shared.postgres.tables import leases_table
from tests.support.stack import Database

LONG_AGO = timedelta(minutes=1)
TIME = "time"
"""The step in which the lease of whoever leads runs out, as it does while that process is frozen."""


@asynccontextmanager
async def ground(database: Database) -> AsyncIterator[Pool]:
    """The table of leases, and one row that a leader reads, and writes one higher."""
    async with await open_pool(database.url, schema="public", size=4) as pool:
        await pool.execute("DROP TABLE IF EXISTS leases, work")
        for statement in (
            *leases_table(),
            "CREATE TABLE work (value int)",
            "INSERT INTO work VALUES (0)",
        ):
            await pool.execute(statement)
        yield pool


async def run_out(pool: Pool) -> None:
    await pool.execute("UPDATE leases SET until = until - $1::interval WHERE name = 'work'", LONG_AGO)


async def value(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT value FROM work"))


class Process:
    """Leads and works a step at a time, and may be frozen before each; ``wrote`` counts what it wrote for certain."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lease = Lease(pool, "work")
        self.wrote = 0
        self._steps = self._work()

    async def step(self) -> None:
        await anext(self._steps)

    async def _work(self) -> AsyncIterator[None]:
        while True:
            if (lead := await self._lease.take()) is None:
                yield
                continue
            try:
                async for _ in self._led(lead):
                    yield
            except LeadLost:
                yield

    async def _led(self, lead: Lead) -> AsyncIterator[None]:
        yield
        seen = await value(self._pool)
        while True:
            yield
            decided = seen + 1
            yield
            async with lead.writing() as connection:
                await connection.execute("UPDATE work SET value = $1", decided)
            self.wrote += 1
            seen = decided
            yield
            await lead.renew()


def frozen_at(step: int) -> list[str]:
    """One works so far and freezes; another takes over and writes; that one is gone too, and the first wakes up."""
    return ["one"] * step + [TIME] + ["other"] * 4 + [TIME] + ["one"] * 8


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["one", "other", "third", TIME]), max_size=40))
@example(frozen_at(1))
@example(frozen_at(2))
@example(frozen_at(3))
@example(frozen_at(4))
@example(frozen_at(5))
@example(frozen_at(6))
def test_a_leader_that_freezes_at_any_step_overwrites_nothing(
    database: Database, steps: Sequence[str]
) -> None:
    asyncio.run(_no_work_is_lost(database, steps))


async def _no_work_is_lost(database: Database, steps: Sequence[str]) -> None:
    async with ground(database) as pool:
        processes = {name: Process(pool) for name in ("one", "other", "third")}
        for step in steps:
            if step == TIME:
                await run_out(pool)
            else:
                await processes[step].step()
            assert await value(pool) == sum(each.wrote for each in processes.values())


async def test_one_holds_a_lease_until_it_does_not_renew_it(database: Database) -> None:
    async with ground(database) as pool:
        one, other, elsewhere = Lease(pool, "work"), Lease(pool, "work"), Lease(pool, "other work")
        first, again = await taken(one), await taken(one)
        assert await other.take() is None
        assert await elsewhere.take() is not None
        with pytest.raises(LeadLost):
            await first.renew()  # it is the same process, and another round of its work
        await again.renew()
        await run_out(pool)
        await again.renew()  # late, and nobody has come meanwhile
        await run_out(pool)
        await taken(other)
        assert await one.take() is None
        with pytest.raises(LeadLost):
            await again.renew()


async def test_nobody_takes_the_lead_in_the_middle_of_a_write(database: Database) -> None:
    async with ground(database) as pool:
        lead = await taken(Lease(pool, "work"))
        await run_out(pool)
        async with lead.writing() as connection:
            taking = asyncio.ensure_future(Lease(pool, "work").take())
            await _until_somebody_waits_for_a_lock(pool)
            await connection.execute("UPDATE work SET value = 1")
            assert not taking.done()
        assert await taking is not None
        assert await value(pool) == 1


async def taken(lease: Lease) -> Lead:
    lead = await lease.take()
    assert lead is not None
    return lead


async def _until_somebody_waits_for_a_lock(pool: Pool) -> None:
    began = time.monotonic()
    while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        assert time.monotonic() - began < 4, "nobody waits for the lease"
        await asyncio.sleep(0.01)

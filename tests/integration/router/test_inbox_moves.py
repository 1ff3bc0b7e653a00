"""Two processes of the doors move one inbox one after the other, and different inboxes at the same time."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from services.router.adapters.postgres.inbox_moves import InboxMoves
from shared.errors import Unavailable
from shared.postgres.pool import Pool, open_pool
from tests.support.stack import Database

_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def until_somebody_waits(pool: Pool, waiting: asyncio.Task[None]) -> None:
    async with asyncio.timeout(30):
        while not await pool.fetchval(_WAITING):
            assert not waiting.done(), "nobody waited"


async def test_the_second_waits_until_the_first_has_moved(database: Database) -> None:
    seen: list[str] = []
    async with AsyncExitStack() as opened:
        pools = [
            await opened.enter_async_context(await open_pool(database.url, schema="public", size=5))
            for _ in range(3)
        ]
        one, other = (InboxMoves(pool) for pool in pools[:2])

        async def second() -> None:
            async with other.alone(["b", "c"]):
                seen.append("second")

        async with one.alone(["a", "b"]):
            async with other.alone(["c", "d"]):
                seen.append("beside")
            waiting = asyncio.create_task(second())
            await until_somebody_waits(pools[2], waiting)
            seen.append("first")
        await waiting

    assert seen == ["beside", "first", "second"]


async def test_those_who_wait_in_one_process_leave_the_connections_to_others(database: Database) -> None:
    async with await open_pool(database.url, schema="public", size=2) as pool:
        moves = InboxMoves(pool)

        async def wait() -> None:
            async with moves.alone(["a"]):
                pass

        async with moves.alone(["a"]):
            waiting = [asyncio.create_task(wait()) for _ in range(20)]
            await asyncio.sleep(0)
            assert await pool.fetchval("SELECT 1", timeout=10) == 1
        await asyncio.gather(*waiting)


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_move_that_waits_in_vain_ends_and_holds_no_lock(database: Database, processes: int) -> None:
    async with AsyncExitStack() as opened:
        pools = [
            await opened.enter_async_context(await open_pool(database.url, schema="public", size=3))
            for _ in range(processes)
        ]
        one = InboxMoves(pools[0], patience=0.2)
        other = InboxMoves(pools[1], patience=0.2) if processes > 1 else one
        async with one.alone(["b"]):
            with pytest.raises(Unavailable):
                async with other.alone(["a", "b"]):
                    pytest.fail("two moved one inbox")
            async with one.alone(["a"]):
                pass
        async with other.alone(["a", "b"]):
            pass


@pytest.mark.parametrize("failure", [ValueError, asyncio.CancelledError])
async def test_a_failed_move_releases_its_lock(database: Database, failure: type[BaseException]) -> None:
    async with await open_pool(database.url, schema="public", size=2) as pool:
        moves = InboxMoves(pool)
        with pytest.raises(failure):
            async with moves.alone(["a"]):
                raise failure
        async with moves.alone(["a"]):
            assert not await pool.fetchval(_WAITING)

"""A pool whose connections are all taken says so in time, whichever way it is asked."""

import time

import pytest

from shared.errors import Unavailable
from shared.postgres.pool import ACQUIRE_SECONDS, Connection, open_pool, reaching_postgres, transaction
from tests.support.stack import Database


@pytest.mark.long
async def test_a_connection_is_waited_for_within_bounds(database: Database) -> None:
    async with await open_pool(database.url, schema="public", size=1) as pool, transaction(pool):
        began = time.monotonic()
        with pytest.raises(Unavailable), reaching_postgres():
            await pool.fetchval("SELECT 1")
        assert time.monotonic() - began < 2 * ACQUIRE_SECONDS


async def test_a_process_that_stood_still_within_a_transaction_tries_again(database: Database) -> None:
    async def frozen(connection: Connection) -> None:
        await connection.execute("SET idle_in_transaction_session_timeout = 1")
        time.sleep(0.1)  # noqa: ASYNC251 - frozen: what the server says meanwhile is read with the next answer
        await connection.execute("SELECT 1")

    async with await open_pool(database.url, schema="public", size=1) as pool:
        with pytest.raises(Unavailable):
            async with transaction(pool) as connection:
                await frozen(connection)
        assert await pool.fetchval("SELECT 1") == 1

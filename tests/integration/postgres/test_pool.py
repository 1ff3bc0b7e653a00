"""A pool whose connections are all taken says so in time, whichever way it is asked."""

import time

import pytest

from shared.errors import Unavailable
from shared.postgres.pool import ACQUIRE_SECONDS, open_pool, reaching_postgres, transaction
from tests.support.stack import Database


@pytest.mark.long
async def test_a_connection_is_waited_for_within_bounds(database: Database) -> None:
    async with await open_pool(database.url, schema="public", size=1) as pool, transaction(pool):
        began = time.monotonic()
        with pytest.raises(Unavailable), reaching_postgres():
            await pool.fetchval("SELECT 1")
        assert time.monotonic() - began < 2 * ACQUIRE_SECONDS

"""One leader among replicas: whoever holds a lock of PostgreSQL that goes with its connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.postgres.pool import Connection, Pool


@asynccontextmanager
async def leading(pool: Pool, name: str) -> AsyncIterator["Connection | None"]:
    """Lead under this name while the block runs; None where another process does.

    The lock is the connection's: whoever has lost that no longer leads, and another may already do so.
    """
    async with pool.acquire() as connection:
        leads = await connection.fetchval(_TAKE, name)
        try:
            yield connection if leads else None
        finally:
            if leads and not connection.is_closed():
                # Whoever borrows this connection next must not lead without knowing.
                await connection.execute(_RELEASE, name)


_TAKE = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_RELEASE = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"

"""One leader among replicas, in two ways.

`leading` is a lock of PostgreSQL that goes with a connection: for work in PostgreSQL, which is lost with it. `Lease` goes with
time: for work elsewhere, so that a process that freezes with an open connection is followed by another.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import uuid4

from shared.postgres.pool import Connection, Pool, reaching_postgres

_LEASE: Final = timedelta(seconds=10)


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


class Lease:
    """The lead under a name for ten seconds, in the schema's table ``leases``; `take` renews it.

    Two may lead for a moment, when one of them has been frozen for longer: what they do must bear that.
    """

    def __init__(self, pool: Pool, name: str) -> None:
        self._pool = pool
        self._name = name
        self._holder = str(uuid4())

    async def take(self) -> bool:
        """Take the lead or keep it; False while somebody else has it.

        Raises:
            Unavailable: PostgreSQL does not answer within half of the lease.
        """
        patience = _LEASE.total_seconds() / 2
        with reaching_postgres():
            return bool(await self._pool.fetchval(_RENEW, self._name, self._holder, _LEASE, timeout=patience))


_RENEW = """
INSERT INTO leases (name, holder, until) VALUES ($1, $2, now() + $3)
ON CONFLICT (name) DO UPDATE SET holder = $2, until = now() + $3
WHERE leases.holder = $2 OR leases.until < now() RETURNING true
"""
_TAKE = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_RELEASE = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"

"""One leader among replicas, in two ways.

`leading` is a lock of PostgreSQL that goes with a connection: for work in PostgreSQL, which is lost with it. `Lease` goes with
time: for work elsewhere, so that a process that freezes with an open connection is followed by another. Each lead has a
number, and a process that wakes up under an older one can no longer write.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import uuid4

from shared.postgres.pool import Connection, Pool, reaching_postgres, transaction

_LEASE: Final = timedelta(seconds=10)
_PATIENCE_SECONDS: Final = 5.0


@asynccontextmanager
async def leading(pool: Pool, name: str) -> AsyncIterator["Connection | None"]:
    """Lead under this name while the block runs; None where another process does.

    The lock belongs to the connection: a process that has lost it no longer leads, and another may already lead.
    """
    async with pool.acquire() as connection:
        leads = await connection.fetchval(_TAKE, name)
        try:
            yield connection if leads else None
        finally:
            if leads and not connection.is_closed():
                # The next user of this connection must not hold the lock.
                await connection.execute(_RELEASE, name)


class LeadLost(Exception):  # noqa: N818 - what happened
    """Another process has taken the lead since, or may have."""


class Lease:
    """Who leads under a name for ten seconds at a time, in the schema's table ``leases``."""

    def __init__(self, pool: Pool, name: str) -> None:
        self._pool = pool
        self._name = name
        self._holder = str(uuid4())

    async def take(self) -> "Lead | None":
        """A lead with a number of its own; None while another process has it.

        Raises:
            Unavailable: PostgreSQL does not answer within half of the lease.
        """
        began = time.monotonic()
        with reaching_postgres():
            number = await self._pool.fetchval(
                _TAKE_LEASE, self._name, self._holder, _LEASE, timeout=_PATIENCE_SECONDS
            )
        return None if number is None else Lead(self._pool, (self._name, self._holder, number), began=began)


class Lead:
    """A lead that was taken: it is over when another one is taken under its name, and never comes back.

    What this process read and decided under it counts for nothing afterwards: ``writing`` lets no write through.
    Where there is no transaction, ``check`` comes last before the deed; a process can still freeze right behind it.
    """

    def __init__(self, pool: Pool, identity: tuple[str, str, int], *, began: float) -> None:
        self._pool = pool
        self._identity = identity
        self._began = began

    async def renew(self) -> None:
        """Lead for ten more seconds.

        Raises:
            LeadLost: another lead has been taken.
            Unavailable: PostgreSQL does not answer within half of the lease.
        """
        began = time.monotonic()
        with reaching_postgres():
            kept = await self._pool.fetchval(_RENEW, *self._identity, _LEASE, timeout=_PATIENCE_SECONDS)
        self._demand(kept)
        self._began = began

    def check(self) -> None:
        """Raise ``LeadLost`` where another may lead by now, because this one was not renewed in time."""
        self._demand(time.monotonic() - self._began < _LEASE.total_seconds())

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """One transaction during which nobody else can take the lead.

        Raises:
            LeadLost: another lead has been taken; nothing is written.
            Unavailable: as `transaction` says.
        """
        async with transaction(self._pool) as connection:
            self._demand(await connection.fetchval(_HOLD, *self._identity))
            yield connection

    def _demand(self, kept: object) -> None:
        if not kept:
            raise LeadLost(f"the lead {self._identity[0]!r} is no longer this process's")


_TAKE_LEASE: Final = """
INSERT INTO leases (name, holder, until) VALUES ($1, $2, now() + $3)
ON CONFLICT (name) DO UPDATE SET holder = $2, until = now() + $3, number = leases.number + 1
WHERE leases.holder = $2 OR leases.until < now() RETURNING number
"""
_RENEW: Final = """
UPDATE leases SET until = now() + $4 WHERE name = $1 AND holder = $2 AND number = $3 RETURNING true
"""
_HOLD: Final = "SELECT true FROM leases WHERE name = $1 AND holder = $2 AND number = $3 FOR SHARE"
_TAKE = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_RELEASE = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"

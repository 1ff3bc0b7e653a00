"""PostgreSQL connections: one pool per service, in its own schema, and one word for "cannot be reached"."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, TypeAlias

import asyncpg

from shared.errors import Unavailable

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

_AWAY: Final = (
    OSError,  # refused, reset, timed out
    asyncpg.InterfaceError,  # the connection was closed under us
    asyncpg.PostgresConnectionError,
    asyncpg.IdleInTransactionSessionTimeoutError,  # we stood still, and the session was ended
    asyncpg.InternalClientError,  # the same, where the farewell lay unread when the next statement came
    asyncpg.OperatorInterventionError,  # shutting down, starting up, cancelled
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,  # deadlock, serialisation
    asyncpg.ReadOnlySQLTransactionError,  # a replica, before its promotion
)


ACQUIRE_SECONDS: Final = 5.0
"""How long a free connection is waited for; a server that no longer answers must not hold requests for minutes."""


class _ImpatientPool(asyncpg.Pool):
    """asyncpg bounds a statement and not the wait for a connection, which its shortcuts cannot be told either."""

    def acquire(
        self, *, timeout: float | None = ACQUIRE_SECONDS
    ) -> "asyncpg.pool.PoolAcquireContext[asyncpg.Record]":
        return super().acquire(timeout=timeout)


async def open_pool(
    url: str, *, schema: str, password: str | None = None, size: int = 10, reset: bool = True
) -> Pool:
    """Return a pool whose connections see this schema only.

    ``reset=False`` spares the round trip that tidies a session at every release: for users who leave nothing
    behind in it, no lock, no listener, no setting.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
    """
    with reaching_postgres():
        return await _ImpatientPool(
            url,
            password=password,
            min_size=1,
            max_size=size,
            max_queries=50_000,
            max_inactive_connection_lifetime=300.0,
            loop=None,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            command_timeout=30,
            reset=None if reset else _leave,
            server_settings={
                "search_path": schema,
                "application_name": f"amtsweg-{schema}",
                # A frozen process would hold its locks, and with them its successor, for ever.
                "idle_in_transaction_session_timeout": "15s",
            },
        )


async def _leave(_: Connection) -> None:
    """Leave the session as it is."""


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """One transaction on a connection of the pool.

    Raises:
        Unavailable: the connection failed, or the server asks to try again; nothing is kept, except when
            the answer to the commit was lost: then it may be.
    """
    with reaching_postgres():
        async with pool.acquire() as connection, connection.transaction():
            yield connection


@contextmanager
def reaching_postgres() -> Iterator[None]:
    """Turn what says "try again later" into ``Unavailable``; what is wrong with a statement passes."""
    try:
        yield
    except _AWAY as away:
        # asyncpg.DataError is an InterfaceError too, but speaks of a wrong argument.
        if isinstance(away, ValueError):
            raise
        raise Unavailable(f"PostgreSQL: {type(away).__name__}") from away

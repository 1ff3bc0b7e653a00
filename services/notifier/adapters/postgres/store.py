"""A transaction in the notifier's store; one that cannot be reached is `StoreAway`, wherever it is asked."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from services.notifier.ports import StoreAway
from shared.errors import Unavailable
from shared.postgres import pool as postgres
from shared.postgres.pool import Connection, Pool


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Begin and commit.

    Raises:
        StoreAway: whether it was committed may be unknown.
    """
    with reaching_store():
        async with postgres.transaction(pool) as connection:
            yield connection


@contextmanager
def reaching_store() -> Iterator[None]:
    """Translate the errors of an unreachable server into those of the notifier's ports."""
    try:
        yield
    except Unavailable as away:
        raise StoreAway(str(away)) from away

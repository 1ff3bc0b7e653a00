"""Who moves the position of an inbox is alone with it, whichever process of the doors it is, schema ``doors``."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from shared.errors import Unavailable
from shared.postgres.pool import Pool, transaction

_AT_ONCE: Final = 4
"""So many connections of the pool serve this; the rest is for answers."""

_PATIENCE_SECONDS: Final = 8.0
_ALONE: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('inbox ' || each, 0)) FROM unnest($1::text[]) AS each
"""


class InboxMoves:
    """Kafka has no way to look at a position and move it at once; PostgreSQL lets one at a time do both."""

    def __init__(self, pool: Pool, *, patience: float = _PATIENCE_SECONDS) -> None:
        self._pool = pool
        self._patience = patience
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def alone(self, authorities: Collection[str]) -> AsyncIterator[None]:
        """Hold the positions of these inboxes while the block runs, at most 15 seconds.

        Raises:
            Unavailable: PostgreSQL is away, or somebody else does not let go.
        """
        names = sorted(authorities)  # in one order, so that two do not wait for each other
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._patience):
                    # Within the process first: whoever waits here for the same inbox needs no connection yet.
                    for each in names:
                        await held.enter_async_context(self._here.setdefault(each, asyncio.Lock()))
                    await held.enter_async_context(self._turns)
                    connection = await held.enter_async_context(transaction(self._pool))
                    await connection.fetch(_ALONE, names)
            except TimeoutError:
                raise Unavailable("an inbox is being moved by others; try again") from None
            yield

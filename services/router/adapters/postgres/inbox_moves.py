"""Locks on the positions of inboxes, schema ``doors``: one process of the doors at a time moves a position."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from services.router.adapters.inbox_positions import NotedMove
from shared.errors import Unavailable
from shared.postgres.pool import Connection, Pool, reaching_postgres, transaction

_AT_ONCE: Final = 4
"""So many connections of the pool serve this; the rest is for answers."""

_PATIENCE_SECONDS: Final = 8.0
_ALONE: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('inbox ' || each, 0)) FROM unnest($1::text[]) AS each
"""
_NOTE: Final = """
INSERT INTO inbox_moves AS known (authority, place) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (authority) DO UPDATE SET number = known.number + 1, place = excluded.place
RETURNING authority, number
"""
_NOTED: Final = "SELECT authority, number, place FROM inbox_moves WHERE authority = ANY($1)"


@dataclass(frozen=True, slots=True)
class HeldInboxes:
    """Implements `services.router.adapters.inbox_positions.InboxTurn`: the transaction that holds the positions."""

    connection: Connection

    async def note(self, places: Mapping[str, int]) -> Mapping[str, int]:
        with reaching_postgres():
            rows = await self.connection.fetch(_NOTE, list(places), list(places.values()))
        return {row["authority"]: row["number"] for row in rows}

    async def noted(self, authorities: Collection[str]) -> Mapping[str, NotedMove]:
        with reaching_postgres():
            rows = await self.connection.fetch(_NOTED, list(authorities))
        return {row["authority"]: NotedMove(row["number"], row["place"]) for row in rows}


class InboxMoves:
    """Kafka cannot read and move a position in one step; a lock in PostgreSQL makes the two steps exclusive."""

    def __init__(self, pool: Pool, *, patience: float = _PATIENCE_SECONDS) -> None:
        self._pool = pool
        self._patience = patience
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def alone(self, authorities: Collection[str]) -> AsyncIterator[HeldInboxes]:
        """Hold the positions of these inboxes while the block runs; a process that stands still for 15 seconds loses them.

        Raises:
            Unavailable: PostgreSQL is away, somebody else does not let go, or they were lost before the block was over.
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
            yield HeldInboxes(connection)

"""Events leave PostgreSQL through a table: written with their cause, published afterwards, at least once."""

import asyncpg

from shared.runtime.records import Outgoing

Connection = asyncpg.Connection[asyncpg.Record]


async def enqueue(connection: Connection, *messages: Outgoing, schema: str) -> None:
    """Write messages to the schema's outbox, in the caller's transaction; they are published in this order."""
    raise NotImplementedError

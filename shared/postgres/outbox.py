"""Events leave PostgreSQL through a table: written with their cause, published afterwards, at least once.

One publisher per schema holds an advisory lock and publishes in the order of writing, so order per key holds
as long as one task at a time writes about a key. A crash between publishing and deleting publishes again,
with the same event id; every receiver drops ids it knows.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.kafka.publisher import Publisher, Refused
from shared.kafka.records import Outgoing
from shared.postgres.pool import Connection, Pool, reaching_postgres
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry

_BATCH: Final = 500
_POLL_SECONDS: Final = 1.0
_CHANNEL: Final = "outbox"


async def enqueue(connection: Connection, *messages: Outgoing) -> None:
    """Write messages to the outbox of the connection's schema, in the caller's transaction, in this order."""
    if not messages:
        return
    await connection.executemany(
        "INSERT INTO outbox (topic, key, value, header_names, header_values) VALUES ($1, $2, $3, $4, $5)",
        [
            (m.topic, m.key, m.value, [name for name, _ in m.headers], [value for _, value in m.headers])
            for m in messages
        ],
    )
    # Delivered at commit, so that the publisher need not poll often.
    await connection.execute(f"SELECT pg_notify('{_CHANNEL}_' || current_schema(), '')")


class OutboxPublisher:
    """Publishes one schema's outbox; replicas take turns, one leads."""

    def __init__(
        self, pool: Pool, publisher: Publisher, *, schema: str, health: Health, telemetry: Telemetry
    ) -> None:
        self._pool = pool
        self._publisher = publisher
        self._schema = schema
        self._condition = health.part("outbox")
        self._telemetry = telemetry
        self._log = structlog.get_logger().bind(part="outbox", schema=schema)
        self._pause = Backoff()
        self._written = asyncio.Event()

    async def run(self) -> None:
        """Lead, or wait to lead, until cancelled."""
        while True:
            try:
                with reaching_postgres():
                    async with self._pool.acquire() as connection:
                        await self._lead(connection)
            except Unavailable as error:
                self._condition.set("degraded", reason="the outbox is not being published")
                self._log.warning("outbox interrupted", error=error, next=self._pause.next_seconds)
                await self._pause.sleep()

    async def _lead(self, connection: Connection) -> None:
        # The lock is the connection's: it is free again as soon as this leader's connection is gone.
        leads = await connection.fetchval(
            "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))", _LOCK
        )
        self._condition.set("ready")
        if not leads:
            await asyncio.sleep(_POLL_SECONDS)
            return
        channel = f"{_CHANNEL}_{self._schema}"
        await connection.add_listener(channel, self._wake)
        try:
            while True:
                self._written.clear()
                await self._publish_all(connection)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._written.wait(), _POLL_SECONDS)
        finally:
            await connection.remove_listener(channel, self._wake)
            if not connection.is_closed():
                # Whoever borrows this connection next must not lead without knowing.
                await connection.execute("SELECT pg_advisory_unlock($1, hashtext(current_schema()))", _LOCK)

    def _wake(self, *_: object) -> None:
        self._written.set()

    async def _publish_all(self, connection: Connection) -> None:
        """One pass over the table; a key whose message Kafka does not take waits for the next pass."""
        after, waiting = 0, set[bytes]()
        while rows := await connection.fetch(_NEXT, after, list(waiting), _BATCH):
            by_key: dict[bytes, list[asyncpg.Record]] = {}
            for row in rows:
                by_key.setdefault(row["key"], []).append(row)
            done = await asyncio.gather(*(self._publish_in_turn(of_key) for of_key in by_key.values()))
            waiting.update(
                key for (key, of_key), ids in zip(by_key.items(), done, strict=True) if len(ids) < len(of_key)
            )
            # A crash here publishes again what is not yet deleted: at least once.
            await connection.execute(
                "DELETE FROM outbox WHERE id = ANY($1)", [row_id for ids in done for row_id in ids]
            )
            after = rows[-1]["id"]
        left = await connection.fetchval("SELECT count(*) FROM outbox") if waiting else 0
        self._telemetry.set("outbox_waiting", left, schema=self._schema)
        if waiting:
            raise Unavailable(f"Kafka does not take messages of {len(waiting)} keys; {left} rows wait")
        self._pause.reset()

    async def _publish_in_turn(self, rows: Sequence[asyncpg.Record]) -> list[int]:
        """Publish one key's rows one after another; return the ids of those that Kafka has."""
        published: list[int] = []
        for row in rows:
            headers = tuple(zip(row["header_names"], row["header_values"], strict=True))
            message = Outgoing(row["topic"], row["key"], row["value"], headers)
            try:
                await self._publisher.publish(message)
            except (Unavailable, Refused) as error:
                # Its later rows wait too: their order matters more than their haste.
                self._log.warning("message not taken", topic=message.topic, error=error)
                break
            published.append(row["id"])
        return published


_LOCK: Final = 0x6F757462
_NEXT: Final = """
    SELECT id, topic, key, value, header_names, header_values FROM outbox
    WHERE id > $1 AND key <> ALL($2) ORDER BY id LIMIT $3
"""

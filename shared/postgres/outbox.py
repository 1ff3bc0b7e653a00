"""Events leave PostgreSQL through a table: written with their cause, published afterwards, at least once.

One publisher per schema holds an advisory lock and publishes in the order of writing, so order per key holds
as long as one task at a time writes about a key. A crash between publishing and deleting publishes again,
with the same event id; every receiver drops ids it knows.

A message that Kafka will never take is laid aside in a table of its own, so that nobody waits for it. A key whose
message Kafka does not take now is tried again after a pause of its own; the others go on meanwhile.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import structlog

from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.events.envelope import MessageRefused
from shared.kafka.publisher import Publisher
from shared.kafka.records import Outgoing
from shared.postgres.leader import leading
from shared.postgres.pool import Connection, Pool, reaching_postgres
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry

_BATCH: Final = 500
_POLL_SECONDS: Final = 1.0
_TRY_AGAIN_SECONDS: Final = 0.2
_CHANNEL: Final = "outbox"

# The notification is delivered once, at commit, so that the publisher need not poll often.
_ENQUEUE = f"""
    WITH written AS (
        INSERT INTO outbox (topic, key, value, header_names, header_values, timestamp_ms)
        VALUES ($1, $2, $3, $4, $5, $6))
    SELECT pg_notify('{_CHANNEL}_' || current_schema(), '')
"""  # noqa: S608 - the channel is ours


async def enqueue(connection: Connection, *messages: Outgoing) -> None:
    """Write messages to the outbox of the connection's schema, in the caller's transaction, in this order."""
    if not messages:
        return
    await connection.executemany(_ENQUEUE, [row(message) for message in messages])


def row(message: Outgoing) -> tuple[object, ...]:
    """The message as the parameters of what writes it."""
    return (
        message.topic,
        message.key,
        message.value,
        [name for name, _ in message.headers],
        [value for _, value in message.headers],
        message.timestamp_ms,
    )


def saying(change: str, *, parameters: int) -> str:
    """SQL that makes one change and writes the message that tells of it, in one statement: one round trip, not four.

    ``change`` returns the row that it has changed, or none: then nothing is written, and nothing returned. Its own
    ``parameters`` come first, then those of `row`.
    """
    first = parameters + 1
    return f"""
        WITH changed AS ({change}), written AS (
            INSERT INTO outbox (topic, key, value, header_names, header_values, timestamp_ms)
            SELECT ${first}, ${first + 1}, ${first + 2}, ${first + 3}, ${first + 4}, ${first + 5} FROM changed)
        SELECT changed.*, pg_notify('{_CHANNEL}_' || current_schema(), '') FROM changed
    """  # noqa: S608 - the statement is ours


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
        self._waiting: dict[bytes, WaitingKey] = {}
        self._written = asyncio.Event()

    async def run(self) -> None:
        """Lead, or wait to lead, until cancelled."""
        while True:
            try:
                with reaching_postgres():
                    async with leading(self._pool, f"outbox/{self._schema}") as connection:
                        self._condition.set("ready")
                        if connection is None:
                            await asyncio.sleep(_POLL_SECONDS)
                        else:
                            await self._lead(connection)
            except Unavailable as error:
                self._condition.set("degraded", reason="the outbox is not being published")
                self._log.warning("outbox interrupted", error=error, next=self._pause.next_seconds)
                await self._pause.sleep()

    async def _lead(self, connection: Connection) -> None:
        channel = f"{_CHANNEL}_{self._schema}"
        await connection.add_listener(channel, self._wake)
        trying = asyncio.ensure_future(self._try_again())
        try:
            while True:
                self._written.clear()
                await self._publish_all(connection)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._written.wait(), _POLL_SECONDS)
                if trying.done():
                    trying.result()
        finally:
            trying.cancel()
            await connection.remove_listener(channel, self._wake)

    def _wake(self, *_: object) -> None:
        self._written.set()

    async def _publish_all(self, connection: Connection) -> None:
        """One pass over the table; what waits for Kafka is somebody else's, see ``_try_again``."""
        after = 0
        while rows := await connection.fetch(_NEXT, after, [*self._waiting], _BATCH):
            await self._publish_rows(connection, rows)
            after = rows[-1]["id"]
        await self._show(connection)

    async def _try_again(self) -> None:
        """Beside the passes: a message that Kafka does not take is waited for by its own key alone."""
        while True:
            await asyncio.sleep(_TRY_AGAIN_SECONDS)
            now = time.monotonic()
            due = [key for key, waiting in self._waiting.items() if waiting.not_before <= now]
            if due:
                with reaching_postgres():
                    async with self._pool.acquire() as connection:
                        rows = await connection.fetch(_OF_KEYS, due, _BATCH)
                        await self._publish_rows(connection, rows)
                for key in set(due) - {row["key"] for row in rows}:
                    self._waiting.pop(key, None)

    async def _publish_rows(self, connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
        by_key: dict[bytes, list[asyncpg.Record]] = {}
        for row in rows:
            by_key.setdefault(row["key"], []).append(row)
        outcomes = await asyncio.gather(*(self._publish_in_turn(of_key) for of_key in by_key.values()))
        # A crash here publishes again what is not yet deleted: at least once.
        await connection.execute(_REMOVE, [id_ for o in outcomes for id_ in o.published])
        if refused := [id_ for o in outcomes for id_ in o.refused]:
            await connection.execute(_LAY_ASIDE, refused)
        for key, outcome in zip(by_key, outcomes, strict=True):
            if outcome.waits:
                self._waiting.setdefault(key, WaitingKey()).again()
            elif key in self._waiting:
                self._waiting[key].not_before = 0.0  # more of it may have been written meanwhile

    async def _show(self, connection: Connection) -> None:
        left = await connection.fetchval("SELECT count(*) FROM outbox") if self._waiting else 0
        refused = await connection.fetchval("SELECT count(*) FROM refused_messages")
        self._telemetry.set("outbox_waiting", left, schema=self._schema)
        self._telemetry.set("outbox_refused", refused, schema=self._schema)
        if left or refused:
            reason = f"{left} messages wait for Kafka, {refused} were refused and lie in refused_messages"
            self._condition.set("degraded", reason=reason)
        else:
            self._condition.set("ready")
        self._pause.reset()

    async def _publish_in_turn(self, rows: Sequence[asyncpg.Record]) -> "PublishOutcome":
        """Publish one key's rows one after another, as far as Kafka takes them."""
        outcome = PublishOutcome()
        for row in rows:
            headers = tuple(zip(row["header_names"], row["header_values"], strict=True))
            message = Outgoing(row["topic"], row["key"], row["value"], headers, row["timestamp_ms"])
            try:
                await self._publisher.publish(message)
            except Unavailable as error:
                # Its later rows wait too: their order matters more than their haste.
                self._log.warning("message not taken", topic=message.topic, error=error)
                outcome.waits = True
                break
            except MessageRefused as error:
                self._log.error("message refused", topic=message.topic, error=error)
                outcome.refused.append(row["id"])
            else:
                outcome.published.append(row["id"])
        return outcome


@dataclass(slots=True)
class PublishOutcome:
    """What became of one key's rows."""

    published: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    waits: bool = False


class WaitingKey:
    """A key whose message Kafka does not take now: when to try again."""

    def __init__(self) -> None:
        self._pause = Backoff()
        self.not_before = 0.0

    def again(self) -> None:
        """Not taken: wait longer than before."""
        self.not_before = time.monotonic() + self._pause.take()


_NEXT: Final = """
    SELECT id, topic, key, value, header_names, header_values, timestamp_ms FROM outbox
    WHERE id > $1 AND key <> ALL($2) ORDER BY id LIMIT $3
"""
_OF_KEYS: Final = """
    SELECT id, topic, key, value, header_names, header_values, timestamp_ms FROM outbox
    WHERE key = ANY($1) ORDER BY id LIMIT $2
"""
_REMOVE: Final = "DELETE FROM outbox WHERE id = ANY($1)"
_LAY_ASIDE: Final = """
    WITH refused AS (DELETE FROM outbox WHERE id = ANY($1) RETURNING *)
    INSERT INTO refused_messages (topic, key, value, header_names, header_values, timestamp_ms, written_at)
    SELECT topic, key, value, header_names, header_values, timestamp_ms, written_at FROM refused
"""

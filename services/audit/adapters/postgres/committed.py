"""Reading what has been committed, and recording what is said about it in public."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import to_base64
from services.audit.domain.merkle import TILE_HEIGHT, CompactRange, complete_subtrees, leaf_hash, node_hash
from services.audit.ports import GROUP, BusPartition, Fork
from shared.events.checkpoint import CheckpointPublished
from shared.events.envelope import Event, Message, encode
from shared.events.topics import AUDIT_CHECKPOINT
from shared.postgres import outbox
from shared.postgres.pool import Pool, reaching_postgres, transaction

_LOGS = UUID("0f3c7a52-6b2e-5f0e-9a51-3f0f6c1d8e24")

_ADD_LOG: Final = "SELECT add_log($1)"
_NAME_EVENTS: Final = "UPDATE logs SET known_events = $2 WHERE origin = $1 AND known_events IS NULL"
_FRONTIER: Final = "SELECT size, peaks FROM logs WHERE origin = $1"
_POSITIONS: Final = "SELECT topic, partition, next FROM offsets WHERE consumer = $1"
_ENTRIES: Final = """
SELECT leaf
FROM entries
WHERE log = (SELECT id FROM logs WHERE origin = $1) AND index >= $2 AND index < $3
ORDER BY index
"""
_SUBTREES: Final = """
SELECT hash
FROM subtrees
WHERE log = (SELECT id FROM logs WHERE origin = $1) AND level = $2 AND index >= $3 AND index < $4
ORDER BY index
"""
_INTEND: Final = """
UPDATE logs
SET intended_size = $2, intended_root = $3
WHERE origin = $1 AND (intended_size < $2 OR (intended_size = $2 AND intended_root = $3))
"""
_PUBLISHED: Final = "UPDATE logs SET published_size = $2, published_at = $3 WHERE origin = $1"


class PostgresLog:
    """One log's committed rows and its publication record."""

    def __init__(self, pool: Pool, *, origin: str, source: str) -> None:
        self._pool = pool
        self._origin = origin
        self._source = source

    async def found(self, known_events: bytes) -> None:
        """Make the log if it is not there yet; a log is empty when it is made.

        ``known_events`` is the secret that names events over all logs, wrapped under this log's own; the first one
        stays.
        """
        async with transaction(self._pool) as connection:
            await connection.execute(_ADD_LOG, self._origin)
            await connection.execute(_NAME_EVENTS, self._origin, known_events)

    async def frontier(self) -> CompactRange:
        """The tree as it stands."""
        with reaching_postgres():
            row = await self._pool.fetchrow(_FRONTIER, self._origin)
        if row is None:
            raise Fork(f"log {self._origin} is not in the database")
        return CompactRange.from_bytes(row["size"], row["peaks"])

    async def positions(self) -> Mapping[BusPartition, int]:
        """How far each partition of the bus has been read; all that lies before is in the log."""
        with reaching_postgres():
            rows = await self._pool.fetch(_POSITIONS, GROUP)
        return {(row["topic"], row["partition"]): row["next"] for row in rows}

    async def frontier_at(self, size: int) -> CompactRange:
        """The tree as it stood at this size, from the rows themselves."""
        subtrees = complete_subtrees(0, size)
        return CompactRange(size, tuple([await self._subtree(height, index) for height, index in subtrees]))

    async def entries(self, start: int, end: int) -> Sequence[bytes]:
        """The entries from start to before end.

        Raises:
            Fork: one of them is missing.
        """
        with reaching_postgres():
            rows = await self._pool.fetch(_ENTRIES, self._origin, start, end)
        return _all_of([row[0] for row in rows], start, end)

    async def subtrees(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """The hashes at this tile level (1 and higher) from start to before end.

        Raises:
            Fork: one of them is missing.
        """
        with reaching_postgres():
            rows = await self._pool.fetch(_SUBTREES, self._origin, level, start, end)
        return _all_of([row[0] for row in rows], start, end)

    async def intend(self, checkpoint: Checkpoint) -> None:
        """Record that this checkpoint is about to be signed.

        Raises:
            Fork: a larger one, or another root of this size, was recorded before.
        """
        with reaching_postgres():
            done = await self._pool.execute(_INTEND, self._origin, checkpoint.size, checkpoint.root)
        if done != "UPDATE 1":
            raise Fork(f"a larger tree than {checkpoint.size}, or another root of it, was signed before")

    async def published(self, checkpoint: Checkpoint, note: bytes, at: datetime) -> None:
        """Record that it has been published, and announce it on the bus, in one transaction."""
        async with transaction(self._pool) as connection:
            await connection.execute(_PUBLISHED, self._origin, checkpoint.size, at)
            await outbox.enqueue(connection, self._announcement(checkpoint, note, at))

    async def _subtree(self, height: int, index: int) -> bytes:
        level, rest = divmod(height, TILE_HEIGHT)
        start, end = index << rest, (index + 1) << rest
        if level:
            row = list(await self.subtrees(level, start, end))
        else:
            row = [leaf_hash(entry) for entry in await self.entries(start, end)]
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        return row[0]

    def _announcement(self, checkpoint: Checkpoint, note: bytes, at: datetime) -> Message:
        log_id = uuid5(_LOGS, self._origin)
        event = Event(
            id=uuid5(log_id, f"{checkpoint.size}/{at.isoformat()}"),
            source=self._source,
            time=at,
            case_id=log_id,
            submission_id=log_id,
            data=CheckpointPublished(
                origin=self._origin,
                size=checkpoint.size,
                root=to_base64(checkpoint.root),
                note=note.decode(),
                published_at=at,
            ),
        )
        message = encode(event, AUDIT_CHECKPOINT.name)
        return Message(message.topic, self._origin.encode(), message.value, message.headers)


def _all_of(rows: list[bytes], start: int, end: int) -> list[bytes]:
    if len(rows) != end - start:
        raise Fork(f"of the rows {start} to {end - 1} only {len(rows)} are in the database")
    return rows

"""Writing: one transaction locks the tree, learns what it knows, and stores what comes next."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from services.audit.domain.access_log import PayloadErased
from services.audit.domain.append import Appended, LogEntry
from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import CompactRange
from services.audit.ports import Ledger, Locked
from shared.errors import Stopped
from shared.events.envelope import event_type
from shared.postgres.pool import Connection, Pool, transaction

ENTRY_COLUMNS = (
    "log", "index", "id", "type", "time", "case_ref", "authority", "service", "leaf", "actor_ref", "effects",
)  # fmt: skip
_TOKENS: Final = """
INSERT INTO tokens (log, token, case_ref) SELECT $1, token, case_ref FROM unnest($2::uuid[], $3::uuid[]) AS t (token, case_ref)
ON CONFLICT DO NOTHING
"""

_LOCK: Final = """
SELECT id, size, peaks, closed_at, known_events, rebuilt_size
FROM logs
WHERE origin = $1 FOR UPDATE
"""
_KEYS: Final = "SELECT owner, key FROM keys WHERE log = $1 AND owner = ANY($2::uuid[])"
_KNOWN: Final = "SELECT id FROM events WHERE id = ANY($1::uuid[])"
_PLACED: Final = "SELECT id FROM entries WHERE log = $1 AND id = ANY($2::uuid[])"
_STORE: Final = "UPDATE logs SET size = $3, peaks = $4, root = $5 WHERE id = $1 AND size = $2"
_DELETE_PAYLOADS: Final = """
DELETE FROM payloads p USING entries e
WHERE p.log = $1 AND e.log = p.log AND e.index = p.index AND e.case_ref = $2 AND e.type <> $3
"""
_DELETE_TOKENS: Final = "DELETE FROM tokens WHERE log = $1 AND case_ref = $2"
_EMPTY_CARRIED: Final = "UPDATE carried SET event = NULL WHERE log = $1 AND case_ref = $2"
_NOTE_ERASED: Final = """
INSERT INTO keys (log, owner, key, written_anew)
SELECT $1, $2, NULL, FALSE
WHERE EXISTS (SELECT FROM entries WHERE log = $1 AND case_ref = $2) OR EXISTS (SELECT FROM carried WHERE log = $1 AND case_ref = $2)
ON CONFLICT (log, owner) DO UPDATE
SET key = NULL, written_anew = FALSE
"""
_EXPIRE: Final = """
DELETE FROM payloads p USING entries e
WHERE p.log = $1 AND e.log = p.log AND e.index = p.index AND e.type = ANY($2::text[]) AND e.time < $3
"""


class PostgresLedger:
    """The ledger on a connection whose transaction the caller begins and ends."""

    def __init__(self, connection: Connection, *, origin: str) -> None:
        self._connection = connection
        self._origin = origin
        self._log = 0
        self._size = 0

    async def lock(self, owners: Collection[str], *, appending: bool = True) -> Locked:
        """Lock the tree until the transaction ends; return its state and these owners' keys.

        Raises:
            Stopped: the log is not there, or it is closed and something is to be appended.
        """
        row = await self._connection.fetchrow(
            _LOCK,
            self._origin,
        )
        if row is None or (appending and row["closed_at"] is not None):
            raise Stopped(
                f"log {self._origin} is {'not there' if row is None else 'closed'}; nothing is appended"
            )
        self._log, self._size = row["id"], row["size"]
        keys = await self._connection.fetch(
            _KEYS,
            self._log,
            list(owners),
        )
        return Locked(
            frontier=CompactRange.from_bytes(row["size"], row["peaks"]),
            keys={r["owner"].hex: r["key"] for r in keys if r["key"] is not None},
            erased=frozenset(r["owner"].hex for r in keys if r["key"] is None),
            known_events=row["known_events"],
            rebuilt=row["rebuilt_size"] > 0,
        )

    async def known(self, names: Collection[UUID]) -> frozenset[UUID]:
        """Which of these names of events are taken, in whatever log."""
        rows = await self._connection.fetch(_KNOWN, list(names))
        return frozenset(UUID(bytes=row[0].bytes) for row in rows)

    async def placed(self, ids: Collection[str]) -> frozenset[str]:
        """Which of these leaves are in this log."""
        rows = await self._connection.fetch(_PLACED, self._log, list(ids))
        return frozenset(row[0].hex for row in rows)

    async def store(self, appended: Appended, names: Sequence[UUID]) -> None:
        """Write entries, payloads, keys and the tree, and the names of the events."""
        log, entries = self._log, appended.entries
        await self._copy("entries", ENTRY_COLUMNS, [(log, *_columns(each)) for each in entries])
        payloads = [(log, each.index, each.sealed) for each in entries if each.sealed is not None]
        await self._copy("payloads", ("log", "index", "sealed"), payloads)
        await self._copy("events", ("id",), [(name,) for name in names])
        await self._copy(
            "keys", ("log", "owner", "key"), [(log, *owned) for owned in appended.new_keys.items()]
        )
        await self._copy(
            "subtrees",
            ("log", "level", "index", "hash"),
            [(log, subtree.level, subtree.index, subtree.hash) for subtree in appended.subtrees],
        )
        await self._remember(entries)
        frontier = appended.frontier
        moved = await self._connection.execute(
            _STORE,
            log,
            self._size,
            frontier.size,
            frontier.to_bytes(),
            frontier.root(),
        )
        if moved != "UPDATE 1":
            raise Stopped(f"log {self._origin}: the tree changed while it was locked")

    async def erase(self, owner: str) -> int:
        """Destroy the owner's key, payloads and tokens; return how many payloads there were."""
        gone = await self._connection.execute(
            _DELETE_PAYLOADS,
            self._log,
            owner,
            event_type(PayloadErased),
        )
        await self._connection.execute(_DELETE_TOKENS, self._log, owner)
        await self._connection.execute(_EMPTY_CARRIED, self._log, owner)
        await self._connection.execute(
            _NOTE_ERASED,
            self._log,
            owner,
        )
        return int(gone.removeprefix("DELETE "))

    async def expire(self, types: Collection[str], before: datetime) -> int:
        """Destroy the payloads of entries of these types from before; return how many there were."""
        gone = await self._connection.execute(
            _EXPIRE,
            self._log,
            list(types),
            before,
        )
        return int(gone.removeprefix("DELETE "))

    async def _remember(self, entries: Iterable[LogEntry]) -> None:
        """What cases can be found by; not for those that are erased."""
        tokens = {
            (token, each.fact.case)
            for each in entries
            for token in each.fact.tokens
            if each.sealed is not None and each.fact.case is not None
        }
        if tokens:
            ordered = sorted(tokens)
            await self._connection.execute(
                _TOKENS, self._log, [token for token, _ in ordered], [case for _, case in ordered]
            )

    async def _copy(self, table: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            await self._connection.copy_records_to_table(table, columns=columns, records=rows)


def _columns(each: LogEntry) -> tuple[object, ...]:
    effects = b"".join(map(bytes.fromhex, each.fact.effects)) or None
    return (*leaf_columns(each.index, each.entry, each.leaf), each.fact.actor, effects)


def leaf_columns(index: int, entry: bytes, leaf: Leaf) -> tuple[object, ...]:
    """What stands in a row of ``entries`` behind the log's number, as far as the leaf says it."""
    return (
        index,
        leaf.id,
        leaf.type,
        datetime.fromisoformat(leaf.time),
        leaf.case,
        leaf.authority,
        leaf.service,
        entry,
    )


class PostgresLedgers:
    """Opens a ledger in a transaction of its own."""

    def __init__(self, pool: Pool, *, origin: str) -> None:
        self._pool = pool
        self._origin = origin

    def transaction(self) -> AbstractAsyncContextManager[Ledger]:
        """A transaction that commits when its block ends without an error."""
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Ledger]:
        async with transaction(self._pool) as connection:
            yield PostgresLedger(connection, origin=self._origin)

"""Writing: one transaction locks the tree, learns what it knows, and stores what comes next."""

from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from uuid import UUID

from services.audit.domain.append import Appended, State
from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import Frontier
from services.audit.ports import Ledger
from shared.errors import Stopped
from shared.postgres.pool import Connection, Pool, transaction

ENTRY_COLUMNS = (
    "log", "index", "event_id", "type", "time", "case_ref", "actor_ref", "authority", "service", "trace", "leaf",
)  # fmt: skip


class PostgresLedger:
    """The ledger on a connection whose transaction somebody else begins and ends."""

    def __init__(self, connection: Connection, *, origin: str) -> None:
        self._connection = connection
        self._origin = origin
        self._log = 0
        self._size = 0

    async def lock(self, ids: Collection[UUID], owners: Collection[str]) -> State:
        """Lock the tree until the transaction ends; tell which ids it knows, and these owners' keys.

        Raises:
            Stopped: the log is closed, or is not there.
        """
        row = await self._connection.fetchrow(
            "select id, size, peaks, closed_at from logs where origin = $1 for update", self._origin
        )
        if row is None or row["closed_at"] is not None:
            raise Stopped(
                f"log {self._origin} is {'not there' if row is None else 'closed'}; nothing is appended"
            )
        self._log, self._size = row["id"], row["size"]
        known = await self._connection.fetch(
            "select event_id from entries where event_id = any($1::uuid[])", list(ids)
        )
        keys = await self._connection.fetch(
            "select owner, key from keys where log = $1 and owner = any($2::text[])",
            self._log,
            list(owners),
        )
        return State(
            Frontier.from_bytes(row["size"], row["peaks"]),
            frozenset(UUID(bytes=r[0].bytes) for r in known),
            {r["owner"]: r["key"] for r in keys},
        )

    async def store(self, appended: Appended) -> None:
        """Write entries, payloads, keys and the tree."""
        log = self._log
        await self._copy(
            "entries",
            ENTRY_COLUMNS,
            [(log, *entry_columns(e.index, e.entry, e.leaf)) for e in appended.entries],
        )
        await self._copy(
            "payloads",
            ("log", "index", "owner", "sealed"),
            [(log, entry.index, entry.owner, entry.sealed) for entry in appended.entries],
        )
        await self._copy(
            "keys", ("log", "owner", "key"), [(log, *owned) for owned in appended.new_keys.items()]
        )
        await self._copy(
            "subtrees",
            ("log", "level", "index", "hash"),
            [(log, subtree.level, subtree.index, subtree.hash) for subtree in appended.subtrees],
        )
        frontier = appended.frontier
        moved = await self._connection.execute(
            "update logs set size = $3, peaks = $4, root = $5 where id = $1 and size = $2",
            log,
            self._size,
            frontier.size,
            frontier.to_bytes(),
            frontier.root(),
        )
        if moved != "UPDATE 1":
            raise Stopped(f"log {self._origin}: the tree changed while it was locked")

    async def erase(self, owner: str) -> int:
        """Destroy the owner's key and payloads; return how many payloads there were."""
        await self._connection.execute("delete from keys where log = $1 and owner = $2", self._log, owner)
        gone = await self._connection.execute(
            "delete from payloads p using entries e where p.log = $1 and p.owner = $2 "
            "and e.log = p.log and e.index = p.index and e.case_ref = $2",
            self._log,
            owner,
        )
        return int(gone.removeprefix("DELETE "))

    async def expire(self, types: Collection[str], before: datetime) -> int:
        """Destroy the payloads of entries of these types from before; return how many there were."""
        gone = await self._connection.execute(
            "delete from payloads p using entries e where p.log = $1 and e.log = p.log and e.index = p.index "
            "and e.type = any($2::text[]) and e.time < $3",
            self._log,
            list(types),
            before,
        )
        return int(gone.removeprefix("DELETE "))

    async def _copy(self, table: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
        if rows:
            await self._connection.copy_records_to_table(table, columns=columns, records=rows)


def entry_columns(index: int, entry: bytes, leaf: Leaf) -> tuple[object, ...]:
    """What stands in a row of ``entries`` behind the log's number."""
    return (
        index,
        leaf.id,
        leaf.type,
        datetime.fromisoformat(leaf.time),
        leaf.case,
        leaf.actor,
        leaf.authority,
        leaf.service,
        leaf.trace,
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

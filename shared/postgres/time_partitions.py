"""Tables partitioned by month or year: future partitions are added in time, old ones are dropped whole.

A row lies in the partition of the day on which it was written (`written_on`). Dropping a partition touches no other row
and leaves nothing to vacuum. What has to be unique over all partitions stands in a narrow table of ids.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import asyncpg

from shared.errors import Unavailable
from shared.postgres.pool import Pool, reaching_postgres

_AHEAD: Final = {"month": 3, "year": 1}

_ADD: Final = "SELECT add_time_partitions($1, $2, $3)"
_BEFORE: Final = "SELECT (date_trunc($1, now() AT TIME ZONE 'UTC') - $2 * ('1 ' || $1)::interval)::date"
_OLDEST: Final = """
SELECT min(to_date(right(relname, 7), 'YYYY_MM')) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = to_regclass($1)
"""
_DROP: Final = "SELECT drop_time_partitions($1, $2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePartitioned:
    """A table with a partition for each ``unit``; so many are kept whole before the present one.

    ``ids`` is the table of its ids; they go with the rows.
    """

    table: str
    unit: Literal["month", "year"]
    kept: int
    ids: str


class TimePartitions:
    """The partitions of one schema's tables; replicas may look after them at the same time."""

    def __init__(self, pool: Pool, tables: Sequence[TimePartitioned]) -> None:
        self._pool = pool
        self._tables = tables

    async def keep(self) -> None:
        """Add what comes, drop what is old.

        Raises:
            Unavailable: not now; what is left is done by the next round.
        """
        await self.add()
        for table in self._tables:
            await self._drop(table)

    async def add(self) -> None:
        """Make the present partitions and those ahead; before this was done once, nothing may be written.

        Raises:
            Unavailable: not now.
        """
        for table in self._tables:
            with _reaching(table):
                await self._pool.execute(_ADD, table.table, table.unit, _AHEAD[table.unit])

    async def _drop(self, table: TimePartitioned) -> None:
        """The ids go first: what comes back in between is new, and its row lies in the present partition."""
        with _reaching(table):
            before: date = await self._pool.fetchval(_BEFORE, table.unit, table.kept)
            oldest: date | None = await self._pool.fetchval(_OLDEST, table.table)
            if oldest is None or oldest >= before:
                return
            for day in range((before - oldest).days):
                await self._pool.execute(
                    f"DELETE FROM {table.ids} WHERE written_on = $1",  # noqa: S608 - our own name
                    oldest + timedelta(days=day),
                )
            await self._pool.execute(_DROP, table.table, before)


@contextmanager
def _reaching(table: TimePartitioned) -> Iterator[None]:
    try:
        with reaching_postgres():
            yield
    except asyncpg.LockNotAvailableError as busy:
        raise Unavailable(f"PostgreSQL: table {table.table} is being read, by a backup perhaps") from busy

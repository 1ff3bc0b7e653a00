"""One log after another in one database: closing the old one, and what open cases carry over."""

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import groupby
from typing import Final

import asyncpg

from services.audit.domain.completeness import CLOSING, RULED
from services.audit.domain.pending_entry import NOBODYS
from services.audit.domain.reading import Found
from services.audit.domain.shard import Carried, Former, OpenCase
from shared.postgres.pool import Pool, reaching_postgres, transaction

_PORTION: Final = 2_000

_OPEN: Final = """
SELECT case_ref FROM (
    SELECT case_ref FROM entries WHERE log = $1 AND case_ref > $2 AND type = ANY($3::text[])
    UNION
    SELECT case_ref FROM carried WHERE log = $1 AND case_ref > $2
) AS cases
WHERE EXISTS (SELECT FROM obligations o WHERE o.log = $1 AND o.case_ref = cases.case_ref)
   OR NOT EXISTS (SELECT FROM entries d WHERE d.log = $1 AND d.case_ref = cases.case_ref AND d.type = ANY($4::text[]))
ORDER BY case_ref LIMIT $5
"""
_ENTRIES: Final = """
SELECT e.case_ref, e.index, e.leaf, p.sealed, k.key
FROM entries e
LEFT JOIN payloads p ON p.log = e.log AND p.index = e.index
LEFT JOIN keys k ON k.log = e.log AND k.owner = e.case_ref
WHERE e.log = $1 AND e.case_ref = ANY($2::uuid[]) AND e.type = ANY($3::text[])
ORDER BY e.case_ref, e.index
"""
_FORMER: Final = """
SELECT case_ref, index, type, time, event FROM carried WHERE log = $1 AND case_ref = ANY($2::uuid[]) ORDER BY case_ref, index
"""
_COLUMNS: Final = ("log", "case_ref", "index", "id", "type", "time", "effects", "event")

_CLOSE: Final = "UPDATE logs SET closed_at = coalesce(closed_at, now()) WHERE origin = $1 RETURNING size"
_IS_PUBLISHED: Final = "SELECT published_size = size FROM logs WHERE origin = $1"
_LOG: Final = "SELECT id FROM logs WHERE origin = $1"
_DELETE_CARRIED: Final = "DELETE FROM carried WHERE log = $1 AND case_ref = ANY($2::uuid[])"
_CARRY_OBLIGATIONS: Final = """
INSERT INTO obligations (log, case_ref, rule, index, since, due)
SELECT $1, new, rule, index, since, due
FROM unnest($3::uuid[], $4::uuid[]) AS renamed (old, new)
JOIN obligations ON log = $2 AND case_ref = old
ON CONFLICT DO NOTHING
"""


async def close(pool: Pool, origin: str) -> int:
    """Close the log: nothing is appended from now on. Return its size."""
    async with transaction(pool) as connection:
        size = await connection.fetchval(_CLOSE, origin)
    return 0 if size is None else int(size)


async def is_published(pool: Pool, origin: str) -> bool:
    """Whether the published checkpoint covers every entry."""
    with reaching_postgres():
        return bool(await pool.fetchval(_IS_PUBLISHED, origin))


class PostgresOpenCases:
    """The cases of a closed log that are not decided, or owe something; towards the log that follows it."""

    def __init__(self, pool: Pool, *, old: str, new: str) -> None:
        self._pool = pool
        self._old = old
        self._new = new

    async def open(self) -> AsyncIterator[Sequence[OpenCase]]:
        """Portions of the open cases, with what the rules ask about."""
        log, last = await self._log(), NOBODYS
        while True:
            with reaching_postgres():
                rows = await self._pool.fetch(_OPEN, log, last, list(RULED), list(CLOSING), _PORTION)
                cases = [row[0] for row in rows]
                entries = await self._pool.fetch(_ENTRIES, log, cases, list(RULED))
                former = await self._pool.fetch(_FORMER, log, cases)
            if not cases:
                return
            last = cases[-1].hex
            found, told = _by_case(entries), _by_case(former)
            yield [
                OpenCase(
                    case.hex,
                    [Found(r["index"], r["leaf"], r["sealed"], r["key"]) for r in found.get(case.hex, ())],
                    [Former(r["index"], r["type"], r["time"], r["event"]) for r in told.get(case.hex, ())],
                )
                for case in cases
            ]

    async def carry(self, cases: Sequence[Carried]) -> None:
        """Bring over what had happened to these cases, under their new pseudonyms."""
        old, new = [each.old for each in cases], [each.new for each in cases]
        async with transaction(self._pool) as connection:
            log = await connection.fetchval(_LOG, self._new)
            await connection.execute(_DELETE_CARRIED, log, new)
            rows = [
                (
                    log,
                    each.new,
                    h.index,
                    h.id,
                    h.type,
                    h.time,
                    b"".join(map(bytes.fromhex, h.effects or ())),
                    event,
                )
                for each in cases
                for h, event in each.history
            ]
            await connection.copy_records_to_table("carried", columns=_COLUMNS, records=rows)
            # They are judged when the next entry touches them; until then what they owe stands as it stood.
            await connection.execute(
                _CARRY_OBLIGATIONS,
                log,
                await self._log(),
                old,
                new,
            )

    async def _log(self) -> int:
        return int(await self._pool.fetchval(_LOG, self._old) or 0)


def _by_case(rows: Sequence[asyncpg.Record]) -> Mapping[str, Sequence[asyncpg.Record]]:
    return {case.hex: list(its) for case, its in groupby(rows, key=lambda row: row["case_ref"])}

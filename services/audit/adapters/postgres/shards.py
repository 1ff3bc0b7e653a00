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
select case_ref from (
    select case_ref from entries where log = $1 and case_ref > $2 and type = any($3::text[])
    union
    select case_ref from carried where log = $1 and case_ref > $2
) as cases
where exists (select from obligations o where o.log = $1 and o.case_ref = cases.case_ref)
   or not exists (select from entries d where d.log = $1 and d.case_ref = cases.case_ref and d.type = any($4::text[]))
order by case_ref limit $5
"""
_ENTRIES: Final = """
select e.case_ref, e.index, e.leaf, p.sealed, k.key
from entries e
left join payloads p on p.log = e.log and p.index = e.index
left join keys k on k.log = e.log and k.owner = e.case_ref
where e.log = $1 and e.case_ref = any($2::uuid[]) and e.type = any($3::text[])
order by e.case_ref, e.index
"""
_FORMER: Final = """
select case_ref, index, type, time, event from carried where log = $1 and case_ref = any($2::uuid[]) order by case_ref, index
"""
_COLUMNS: Final = ("log", "case_ref", "index", "id", "type", "time", "effects", "event")


async def close(pool: Pool, origin: str) -> int:
    """Close the log: nothing is appended from now on. Return its size."""
    async with transaction(pool) as connection:
        size = await connection.fetchval(
            "update logs set closed_at = coalesce(closed_at, now()) where origin = $1 returning size", origin
        )
    return 0 if size is None else int(size)


async def is_published(pool: Pool, origin: str) -> bool:
    """Whether the published checkpoint covers every entry."""
    with reaching_postgres():
        return bool(await pool.fetchval("select published_size = size from logs where origin = $1", origin))


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
            log = await connection.fetchval("select id from logs where origin = $1", self._new)
            await connection.execute(
                "delete from carried where log = $1 and case_ref = any($2::uuid[])", log, new
            )
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
                "insert into obligations (log, case_ref, rule, index, since, due) "
                "select $1, new, rule, index, since, due "
                "from unnest($3::uuid[], $4::uuid[]) as renamed (old, new) "
                "join obligations on log = $2 and case_ref = old on conflict do nothing",
                log,
                await self._log(),
                old,
                new,
            )

    async def _log(self) -> int:
        return int(await self._pool.fetchval("select id from logs where origin = $1", self._old) or 0)


def _by_case(rows: Sequence[asyncpg.Record]) -> Mapping[str, Sequence[asyncpg.Record]]:
    return {case.hex: list(its) for case, its in groupby(rows, key=lambda row: row["case_ref"])}

"""One log after another in one database: closing the old one, and what open cases carry over."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from services.audit.domain.completeness import CLOSING, RULED
from services.audit.ports import Found
from shared.postgres.pool import Pool, reaching_postgres, transaction

_PORTION: Final = 2_000

_OPEN: Final = """
select distinct on (e.case_ref) e.case_ref, e.index, e.leaf, p.sealed, k.key
from entries e
left join payloads p on p.log = e.log and p.index = e.index
left join keys k on k.log = p.log and k.owner = p.owner
where e.log = $1 and e.case_ref > $2 and e.type = any($3::text[])
  and (exists (select 1 from obligations o where o.log = e.log and o.case_ref = e.case_ref)
       or not exists (select 1 from entries d where d.log = e.log and d.case_ref = e.case_ref and d.type = $4))
order by e.case_ref, e.index
limit $5
"""
_CARRY: Final = """
insert into carried (log, case_ref, index, event_id, type, time)
select (select id from logs where origin = $1), new, index, event_id, type, time
from unnest($3::text[], $4::text[]) as renamed (old, new)
join (
    select case_ref, index, event_id, type, time from entries where log = $2 and type = any($5::text[])
    union all
    select case_ref, index, event_id, type, time from carried where log = $2
) as history on history.case_ref = renamed.old
on conflict do nothing
"""


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

    async def open(self) -> AsyncIterator[Sequence[tuple[str, Found]]]:
        """Portions of the open cases: each one's pseudonym, and its first entry."""
        last = ""
        while True:
            with reaching_postgres():
                rows = await self._pool.fetch(_OPEN, await self._log(), last, list(RULED), CLOSING, _PORTION)
            if not rows:
                return
            last = rows[-1]["case_ref"]
            yield [(r["case_ref"], Found(r["index"], r["leaf"], r["sealed"], r["key"])) for r in rows]

    async def carry(self, renamed: Sequence[tuple[str, str]]) -> None:
        """Bring over what had happened to these cases, under their new pseudonyms."""
        old, new = [pair[0] for pair in renamed], [pair[1] for pair in renamed]
        with reaching_postgres():
            await self._pool.execute(_CARRY, self._new, await self._log(), old, new, list(RULED))
            # They are judged when the next entry touches them; until then what they owe stands as it stood.
            await self._pool.execute(
                "insert into obligations (log, case_ref, rule, index, since, due) "
                "select (select id from logs where origin = $1), new, rule, index, since, due "
                "from unnest($3::text[], $4::text[]) as renamed (old, new) "
                "join obligations on log = $2 and case_ref = old on conflict do nothing",
                self._new,
                await self._log(),
                old,
                new,
            )

    async def _log(self) -> int:
        return int(await self._pool.fetchval("select id from logs where origin = $1", self._old) or 0)

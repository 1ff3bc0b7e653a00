"""Judging cases behind the log: what is not met stands in a table of its own, and can be made anew at any time."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

import asyncpg

from services.audit.domain.completeness import RULED, CaseEvent, Obligation
from services.audit.ports import RuleStanding, UnmetCase
from shared.postgres.pool import Connection, Pool, reaching_postgres, transaction

Judge = Callable[[Sequence[CaseEvent]], Sequence[Obligation]]

_PREFETCH: Final = 5_000
_ID_BYTES: Final = 16


class PostgresWatch:
    """One log's obligations."""

    def __init__(self, pool: Pool, *, origin: str) -> None:
        self._pool = pool
        self._origin = origin

    async def advance(self, judge: Judge, *, limit: int) -> int:
        """Judge anew every case that the next entries touch; return how many entries still wait.

        Another replica that does so at the same time is left alone with it.
        """
        async with transaction(self._pool) as connection:
            log, size = await connection.fetchrow(
                "select id, size from logs where origin = $1", self._origin
            ) or (0, 0)
            await connection.execute("insert into watched values ($1, 0) on conflict do nothing", log)
            start = await connection.fetchval(
                "select next from watched where log = $1 for update skip locked", log
            )
            if start is None or start == size:
                return 0
            end: int = min(size, start + limit)
            await _judge(connection, judge, log=log, start=start, end=end)
            await connection.execute("update watched set next = $2 where log = $1", log, end)
            return size - end

    async def standing(self, now: datetime) -> Sequence[RuleStanding]:
        """How each rule stands that has something unmet."""
        with reaching_postgres():
            rows = await self._pool.fetch(
                "select rule, count(*) as open, count(*) filter (where due <= $2) as overdue, "
                "min(since) as oldest from obligations where log = (select id from logs where origin = $1) group by rule order by rule",
                self._origin,
                now,
            )
        return [RuleStanding(r["rule"], r["open"], r["overdue"], r["oldest"]) for r in rows]

    async def overdue(self, now: datetime, *, limit: int) -> Sequence[UnmetCase]:
        """The obligations that are overdue, longest first."""
        with reaching_postgres():
            rows = await self._pool.fetch(
                "select case_ref, rule, index, since, due from obligations "
                "where log = (select id from logs where origin = $1) and due <= $2 order by due limit $3",
                self._origin,
                now,
                limit,
            )
        return [UnmetCase(r["case_ref"].hex, Obligation(*list(r.values())[1:])) for r in rows]

    async def judged(self) -> int:
        """How many entries have been judged."""
        with reaching_postgres():
            return (
                await self._pool.fetchval(
                    "select next from watched where log = (select id from logs where origin = $1)",
                    self._origin,
                )
                or 0
            )

    async def histories(self, until: datetime) -> AsyncIterator[tuple[str, Sequence[CaseEvent]]]:
        """Every case with what had happened to it before this instant; reads the whole log."""
        query = (
            "with log as (select id from logs where origin = $1) "
            "select case_ref, index, id, type, time, effects from entries where log = (select id from log) "
            "and case_ref is not null and type = any($2::text[]) and time < $3 "
            "union all select case_ref, index, id, type, time, effects from carried where log = (select id from log) "
            "and time < $3 order by case_ref, time, index"
        )
        async with transaction(self._pool) as connection:
            case, history = "", list[CaseEvent]()
            async for row in connection.cursor(query, self._origin, list(RULED), until, prefetch=_PREFETCH):
                if row["case_ref"].hex != case and history:
                    yield case, history
                    history = []
                case = row["case_ref"].hex
                history.append(happened(row))
            if history:
                yield case, history


async def _judge(connection: Connection, judge: Judge, *, log: int, start: int, end: int) -> None:
    touched = [
        row[0]
        for row in await connection.fetch(
            "select distinct case_ref from entries where log = $1 and index >= $2 and index < $3 "
            "and case_ref is not null and type = any($4::text[])",
            log,
            start,
            end,
            list(RULED),
        )
    ]
    rows = await connection.fetch(
        "select case_ref, index, id, type, time, effects from entries where log = $1 "
        "and case_ref = any($2::uuid[]) and type = any($3::text[]) "
        "union all select case_ref, index, id, type, time, effects from carried where log = $1 "
        "and case_ref = any($2::uuid[]) order by case_ref, time, index",
        log,
        touched,
        list(RULED),
    )
    found = [
        (log, case, each.rule, each.index, each.since, each.due)
        for case, its in groupby(rows, key=lambda row: row["case_ref"])
        for each in judge([happened(row) for row in its])
    ]
    await connection.execute(
        "delete from obligations where log = $1 and case_ref = any($2::uuid[])", log, touched
    )
    columns = ("log", "case_ref", "rule", "index", "since", "due")
    await connection.copy_records_to_table("obligations", columns=columns, records=found)


def happened(row: asyncpg.Record) -> CaseEvent:
    """What a row of ``entries`` or ``carried`` says of an event."""
    packed = row["effects"]
    # Without a payload there is nobody who could have told what would follow; the rules leave it alone then.
    effects = None if packed is None else frozenset(_unpacked(packed))
    return CaseEvent(row["index"], row["id"].hex, row["type"], row["time"], effects)


def _unpacked(packed: bytes) -> Iterator[str]:
    for start in range(0, len(packed), _ID_BYTES):
        yield packed[start : start + _ID_BYTES].hex()

"""Judging cases behind the log: what is not met stands in a table of its own, and can be made anew at any time."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

import asyncpg

from services.audit.domain.completeness import RULED, Happened, Unmet
from services.audit.ports import Standing, UnmetCase
from shared.postgres.pool import Connection, Pool, reaching_postgres, transaction

Judge = Callable[[Sequence[Happened]], Sequence[Unmet]]

_PREFETCH: Final = 5_000


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

    async def standing(self, now: datetime) -> Sequence[Standing]:
        """How each rule stands that has something unmet."""
        with reaching_postgres():
            rows = await self._pool.fetch(
                "select rule, count(*) as open, count(*) filter (where due <= $2) as overdue, "
                "min(since) as oldest from obligations where log = (select id from logs where origin = $1) group by rule order by rule",
                self._origin,
                now,
            )
        return [Standing(r["rule"], r["open"], r["overdue"], r["oldest"]) for r in rows]

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
        return [UnmetCase(r["case_ref"], Unmet(*list(r.values())[1:])) for r in rows]

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

    async def histories(self, until: datetime) -> AsyncIterator[tuple[str, Sequence[Happened]]]:
        """Every case with what had happened to it before this instant; reads the whole log."""
        query = (
            "with log as (select id from logs where origin = $1) "
            "select case_ref, index, event_id, type, time from entries where log = (select id from log) "
            "and case_ref is not null and type = any($2::text[]) and time < $3 "
            "union all select case_ref, index, event_id, type, time from carried where log = (select id from log) "
            "and time < $3 order by case_ref, time, index"
        )
        async with transaction(self._pool) as connection:
            case, history = "", list[Happened]()
            async for row in connection.cursor(query, self._origin, list(RULED), until, prefetch=_PREFETCH):
                if row["case_ref"] != case and history:
                    yield case, history
                    history = []
                case = row["case_ref"]
                history.append(_happened(row))
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
        "select case_ref, index, event_id, type, time from entries where log = $1 "
        "and case_ref = any($2::text[]) and type = any($3::text[]) "
        "union all select case_ref, index, event_id, type, time from carried where log = $1 "
        "and case_ref = any($2::text[]) order by case_ref, time, index",
        log,
        touched,
        list(RULED),
    )
    found = [
        (log, case, each.rule, each.index, each.since, each.due)
        for case, its in groupby(rows, key=lambda row: row["case_ref"])
        for each in judge([_happened(row) for row in its])
    ]
    await connection.execute(
        "delete from obligations where log = $1 and case_ref = any($2::text[])", log, touched
    )
    columns = ("log", "case_ref", "rule", "index", "since", "due")
    await connection.copy_records_to_table("obligations", columns=columns, records=found)


def _happened(row: asyncpg.Record) -> Happened:
    return Happened(row["index"], UUID(bytes=row["event_id"].bytes), row["type"], row["time"])

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

_TOUCHED: Final = """
SELECT DISTINCT case_ref
FROM entries
WHERE log = $1 AND index >= $2 AND index < $3
AND case_ref IS NOT NULL AND type = ANY($4::text[])
"""
_HISTORIES_OF: Final = """
SELECT case_ref, index, id, type, time, effects
FROM entries
WHERE log = $1 AND case_ref = ANY($2::uuid[]) AND type = ANY($3::text[])
UNION ALL
SELECT case_ref, index, id, type, time, effects
FROM carried
WHERE log = $1 AND case_ref = ANY($2::uuid[])
ORDER BY case_ref, time, index
"""
_DELETE_OBLIGATIONS: Final = "DELETE FROM obligations WHERE log = $1 AND case_ref = ANY($2::uuid[])"
_LOG: Final = "SELECT id, size FROM logs WHERE origin = $1"
_ADD_WATCHED: Final = "INSERT INTO watched VALUES ($1, 0) ON CONFLICT DO NOTHING"
_LOCK_WATCHED: Final = "SELECT next FROM watched WHERE log = $1 FOR UPDATE SKIP LOCKED"
_ADVANCE: Final = "UPDATE watched SET next = $2 WHERE log = $1"
_STANDING: Final = """
SELECT rule, count(*) AS open, count(*) FILTER (WHERE due <= $2) AS overdue, min(since) AS oldest
FROM obligations
WHERE log = (SELECT id FROM logs WHERE origin = $1)
GROUP BY rule
ORDER BY rule
"""
_OVERDUE: Final = """
SELECT case_ref, rule, index, since, due
FROM obligations
WHERE log = (SELECT id FROM logs WHERE origin = $1) AND due <= $2
ORDER BY due LIMIT $3
"""
_HISTORIES: Final = """
WITH log AS (SELECT id FROM logs WHERE origin = $1)
SELECT case_ref, index, id, type, time, effects
FROM entries
WHERE log = (SELECT id FROM log) AND case_ref IS NOT NULL AND type = ANY($2::text[]) AND time < $3
UNION ALL
SELECT case_ref, index, id, type, time, effects
FROM carried
WHERE log = (SELECT id FROM log) AND time < $3
ORDER BY case_ref, time, index
"""
_JUDGED: Final = "SELECT next FROM watched WHERE log = (SELECT id FROM logs WHERE origin = $1)"


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
            log, size = await connection.fetchrow(_LOG, self._origin) or (0, 0)
            await connection.execute(_ADD_WATCHED, log)
            start = await connection.fetchval(_LOCK_WATCHED, log)
            if start is None or start == size:
                return 0
            end: int = min(size, start + limit)
            await _judge(connection, judge, log=log, start=start, end=end)
            await connection.execute(_ADVANCE, log, end)
            return size - end

    async def standing(self, now: datetime) -> Sequence[RuleStanding]:
        """How each rule stands that has something unmet."""
        with reaching_postgres():
            rows = await self._pool.fetch(
                _STANDING,
                self._origin,
                now,
            )
        return [RuleStanding(r["rule"], r["open"], r["overdue"], r["oldest"]) for r in rows]

    async def overdue(self, now: datetime, *, limit: int) -> Sequence[UnmetCase]:
        """The obligations that are overdue, longest first."""
        with reaching_postgres():
            rows = await self._pool.fetch(
                _OVERDUE,
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
                    _JUDGED,
                    self._origin,
                )
                or 0
            )

    async def histories(self, until: datetime) -> AsyncIterator[tuple[str, Sequence[CaseEvent]]]:
        """Every case with what had happened to it before this instant; reads the whole log."""
        async with transaction(self._pool) as connection:
            case, history = "", list[CaseEvent]()
            async for row in connection.cursor(
                _HISTORIES, self._origin, list(RULED), until, prefetch=_PREFETCH
            ):
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
            _TOUCHED,
            log,
            start,
            end,
            list(RULED),
        )
    ]
    rows = await connection.fetch(
        _HISTORIES_OF,
        log,
        touched,
        list(RULED),
    )
    found = [
        (log, case, each.rule, each.index, each.since, each.due)
        for case, its in groupby(rows, key=lambda row: row["case_ref"])
        for each in judge([happened(row) for row in its])
    ]
    await connection.execute(_DELETE_OBLIGATIONS, log, touched)
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

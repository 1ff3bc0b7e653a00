"""Timers in PostgreSQL: set with the events that call for them, struck once, each with its event in one transaction."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import removed_cases
from services.notifier.adapters.postgres.settlements import SOURCE
from services.notifier.adapters.postgres.store import transaction
from services.notifier.domain.clock import CaseClock, Timer, struck
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.period import Progress
from shared.events.envelope import Event, encode
from shared.events.ids import child_id
from shared.events.submission import Receipt
from shared.events.topics import CASE_CLOCK
from shared.postgres import outbox
from shared.postgres.pool import Connection, Pool

CLOCK_COLUMNS = "case_id, standing, submission_id, receipt, authority, since, progress"

_CLOCKS = f"SELECT {CLOCK_COLUMNS} FROM clocks WHERE case_id = ANY($1) FOR UPDATE"  # noqa: S608 - the columns are ours

_KEEP = """
    INSERT INTO clocks (case_id, standing, submission_id, receipt, authority, since, progress)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (case_id) DO UPDATE SET standing = excluded.standing, submission_id = excluded.submission_id,
        receipt = excluded.receipt, authority = excluded.authority, since = excluded.since,
        progress = excluded.progress
"""

_CANCEL = "DELETE FROM timers WHERE case_id = ANY($1) AND struck_at IS NULL AND NOT id = ANY($2)"

_SET = """
    INSERT INTO timers (id, case_id, kind, step, subject, due_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO NOTHING
"""

# Both clocks must say that the instant has come: one of them, set wrongly, strikes nothing.
_DUE = """
    UPDATE timers SET struck_at = now() WHERE id IN (
        SELECT id FROM timers WHERE struck_at IS NULL AND due_at <= least($1, now() + $3::interval)
        ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING case_id, kind, step, subject, due_at
"""


class TimerLedger:
    """The `ClockLedger` on a connection whose transaction the caller commits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def clocks(self, ids: Collection[UUID]) -> Sequence[CaseClock]:
        known = [clock_of(row) for row in await self._connection.fetch(_CLOCKS, sorted(ids))]
        removed = await removed_cases(self._connection, set(ids) - {clock.case_id for clock in known})
        return [*known, *(CaseClock(case_id=case, standing="closed") for case in removed)]

    async def set(self, clocks: Collection[CaseClock], timers: Collection[Timer]) -> None:
        """Keep these clocks; their timers are these and no others, except those that have struck."""
        await self._connection.executemany(_KEEP, [_clock_row(clock) for clock in clocks])
        cases = [clock.case_id for clock in clocks]
        await self._connection.execute(_CANCEL, cases, [timer.id for timer in timers])
        rows = [(t.id, t.case_id, t.kind, t.step, t.subject, t.due_at) for t in timers]
        if rows:
            await self._connection.executemany(_SET, rows)


class DueTimers:
    """The `Timers`: strikes what is due, and says so on the bus; ``ahead`` is how far a demonstration's clock is ahead."""

    def __init__(
        self, pool: Pool, law: Law, *, history: StoreHistory, ahead: timedelta = timedelta()
    ) -> None:
        self._pool = pool
        self._law = law
        self._history = history
        self._ahead = ahead

    async def strike(self, now: datetime, *, most: int) -> int:
        """Strike up to so many timers that are due; return how many were."""
        async with transaction(self._pool) as connection:
            await self._history.verify(connection)
            rows = await connection.fetch(_DUE, now + self._ahead, most, self._ahead)
            if rows:
                await self._say(connection, [Timer(**dict(row)) for row in rows], now + self._ahead)
        return len(rows)

    async def _say(self, connection: Connection, due: Sequence[Timer], now: datetime) -> None:
        known = await TimerLedger(connection).clocks({timer.case_id for timer in due})
        clocks = {clock.case_id: clock for clock in known}
        for timer in sorted(due, key=lambda timer: timer.due_at):
            clock = clocks.get(timer.case_id) or CaseClock(case_id=timer.case_id)
            said = struck(timer, clock, self._law, now=now)
            if said is not None and clock.submission_id is not None:
                event = Event(
                    id=child_id(timer.id, "struck"),
                    source=SOURCE,
                    time=now,
                    case_id=timer.case_id,
                    submission_id=clock.submission_id,
                    data=said,
                )
                await outbox.enqueue(connection, encode(event, CASE_CLOCK.name))


def clock_of(row: asyncpg.Record) -> CaseClock:
    """A case's clock from its row."""
    receipt = row["receipt"]
    return CaseClock(
        case_id=row["case_id"],
        standing=row["standing"],
        submission_id=row["submission_id"],
        receipt=None if receipt is None else Receipt.model_validate_json(receipt),
        authority=row["authority"],
        since=row["since"],
        progress=Progress.read(json.loads(row["progress"])),
    )


def _clock_row(clock: CaseClock) -> tuple[object, ...]:
    receipt = None if clock.receipt is None else clock.receipt.model_dump_json(by_alias=True)
    return (
        clock.case_id,
        clock.standing,
        clock.submission_id,
        receipt,
        clock.authority,
        clock.since,
        json.dumps(clock.progress.written()),
    )

"""Timers set anew where the law's tables have changed since: a holiday that is added late moves periods that run."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.notifier.adapters.postgres.store import transaction
from services.notifier.adapters.postgres.timers import CLOCK_COLUMNS, TimerLedger, clock_of
from services.notifier.domain.clock import CaseClock, pending, timers
from services.notifier.domain.deadlines.law import Law
from shared.postgres.pool import Connection, Pool

_AT_ONCE: Final = 500
_BEFORE_ALL: Final = UUID(int=0)

_RUNNING = f"""
    SELECT {CLOCK_COLUMNS} FROM clocks WHERE case_id > $1 AND standing <> 'closed' ORDER BY case_id LIMIT $2 FOR UPDATE
"""  # noqa: S608 - the columns are ours

_IN_FORCE = "SELECT digest FROM law_in_force"
_NOTE = """
    INSERT INTO law_in_force (digest) VALUES ($1) ON CONFLICT (singleton) DO UPDATE SET digest = excluded.digest
"""


class TimerRenewal:
    """``digest`` is that of the tables that ``law`` was read from."""

    def __init__(self, pool: Pool, law: Law, *, digest: str, ahead: timedelta = timedelta()) -> None:
        self._pool = pool
        self._law = law
        self._digest = digest
        self._ahead = ahead

    async def renew(self, now: datetime) -> int:
        """Set the timers of all open cases anew, unless this law has set them; return of how many cases.

        A crash in between begins again: a timer is set once, by its id, and what has struck stays.

        Raises:
            StoreAway: some are set, the others at the next start.
        """
        async with transaction(self._pool) as connection:
            if await connection.fetchval(_IN_FORCE) == self._digest:
                return 0
        renewed, last = 0, _BEFORE_ALL
        while clocks := await self._some_after(last, now + self._ahead):
            renewed, last = renewed + len(clocks), clocks[-1].case_id
        async with transaction(self._pool) as connection:
            await connection.execute(_NOTE, self._digest)
        return renewed

    async def _some_after(self, last: UUID, now: datetime) -> Sequence[CaseClock]:
        async with transaction(self._pool) as connection:
            clocks = [clock_of(row) for row in await connection.fetch(_RUNNING, last, _AT_ONCE)]
            await self._set(connection, clocks, now)
        return clocks

    async def _set(self, connection: Connection, clocks: Sequence[CaseClock], now: datetime) -> None:
        wanted = [timer for clock in clocks for timer in pending(timers(clock, self._law), now=now)]
        await TimerLedger(connection).set(clocks, wanted)

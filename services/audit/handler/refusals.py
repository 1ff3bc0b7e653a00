"""Records refused visits: of known readers each one, of unknown visitors a few in an hour, and the number of the rest."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from services.audit.domain.access_log import LookRefused, fact_of
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Clock, Ledgers

BUDGET = 5
"""Refusals of unknown visitors that get an entry of their own within `PERIOD`."""

PERIOD = timedelta(hours=1)


class Refusals:
    """Records refusals in one log. `settle` has to be called from time to time, and at the end."""

    def __init__(
        self,
        sequencer: Sequencer,
        *,
        ledgers: Ledgers,
        secrecy: Pseudonymizer,
        clock: Clock,
        new_id: Callable[[], UUID],
    ) -> None:
        self._sequencer = sequencer
        self._ledgers = ledgers
        self._secrecy = secrecy
        self._clock = clock
        self._new_id = new_id
        self._began = clock()
        self._recorded = 0
        self._counted: Counter[str] = Counter()

    async def refuse(self, reason: str, route: str, reader: str | None = None) -> int | None:
        """Put it on record; return the index of the leaf, or None where the attempt is only counted."""
        await self.settle()
        if reader is None:
            if self._recorded >= BUDGET:
                self._counted[reason] += 1
                return None
            self._recorded += 1
        return await self._append(LookRefused(reader=reader, reason=reason, route=route))

    async def settle(self, *, now: bool = False) -> None:
        """Record how many were only counted, once their hour is over, or ``now``; then a new one begins."""
        time: datetime = self._clock()
        if not now and time - self._began < PERIOD:
            return
        counted, self._counted = self._counted, Counter()
        self._began, self._recorded = time, 0
        for reason, attempts in sorted(counted.items()):
            try:
                await self._append(LookRefused(reason=reason, route="various", attempts=attempts))
            except BaseException:
                self._counted[reason] += attempts
                raise

    async def _append(self, said: LookRefused) -> int:
        fact = fact_of(said, id=self._new_id(), at=self._clock(), secrecy=self._secrecy, actor=said.reader)
        async with self._ledgers.transaction() as ledger:
            appended = await self._sequencer.append([fact], ledger)
        return appended.entries[0].index

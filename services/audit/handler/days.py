"""Days are closed soon after midnight: a leaf says which entries they have, and of which authorities."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from services.audit.domain.access_log import fact_of
from services.audit.domain.daily_statement import DayStated, Tally
from services.audit.domain.leaf import Leaf
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.domain.reading import Found, Question
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Archive, Clock, ClosedDay, CommittedLog, Ledgers, ObligationWatch
from shared.events.envelope import event_type
from shared.local_time import calendar_day

_CHUNK = 4096
STATED: Final = event_type(DayStated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Closes the days of one log, and finds those that are closed."""

    origin: str
    sequencer: Sequencer
    ledgers: Ledgers
    archive: Archive
    log: CommittedLog
    watch: ObligationWatch
    secrecy: Pseudonymizer
    clock: Clock

    async def close(self) -> DayStated | None:
        """Close all days before today that are not closed, as one; None if there is none.

        A crash before the commit leaves nothing. Two replicas state the same event, which the log takes once.
        """
        now = self.clock()
        yesterday = calendar_day(now) - timedelta(days=1)
        size = (await self.log.frontier()).size
        start = await self._start(yesterday, size)
        if start is None:
            return None
        standing = await self.watch.standing(now)
        said = DayStated(
            day=yesterday,
            start=start,
            end=size,
            lines=(await self._tally(start, size)).lines(),
            overdue={each.rule: each.overdue for each in standing if each.overdue},
        )
        fact = fact_of(said, id=self._id(yesterday), at=now, secrecy=self.secrecy)
        async with self.ledgers.transaction() as ledger:
            appended = await self.sequencer.append([fact], ledger)
        return said if appended.entries else None

    async def closed(self, day: date) -> ClosedDay | None:
        """The statement of a day; None if there is none, or if its payload was lost."""
        found = await self.archive.named(self.secrecy.event(self._id(day)))
        return None if found is None else self._opened(found)

    async def of_authority(self, stated: DayStated, authority: str) -> Sequence[Found]:
        """The entries of this day that name the authority, or with `NOBODY` those that name none."""
        asked = Question(
            authority=authority, after=stated.start - 1, before=stated.end, limit=stated.end - stated.start
        )
        return await self.archive.find(asked)

    async def _start(self, yesterday: date, size: int) -> int | None:
        """Where the day to be closed begins; None while there is none to close."""
        latest = await self.archive.latest(STATED, limit=1)
        if latest:
            if Leaf.from_bytes(latest[0].entry).id == self.secrecy.event(self._id(yesterday)):
                return None
            opened = self._opened(latest[0])
            # Without its payload (a database made anew from tiles) the statement's own place is what is known.
            return latest[0].index if opened is None else opened.stated.end
        if not size:
            return None
        (first,) = await self.log.entries(0, 1)
        began = calendar_day(datetime.fromisoformat(Leaf.from_bytes(first).time))
        return 0 if began <= yesterday else None

    async def _tally(self, start: int, end: int) -> Tally:
        tally = Tally()
        for at in range(start, end, _CHUNK):
            for index, entry in enumerate(await self.log.entries(at, min(at + _CHUNK, end)), at):
                tally.add(index, entry, authority=Leaf.from_bytes(entry).authority)
        return tally

    def _opened(self, found: Found) -> ClosedDay | None:
        if found.sealed is None or found.key is None:
            return None
        leaf = Leaf.from_bytes(found.entry)
        disclosure = self.secrecy.open(found.sealed, key=found.key, leaf_id=leaf.id)
        stated = DayStated.model_validate(orjson.loads(disclosure.payload)["data"])
        return ClosedDay(found.index, found.entry, disclosure, stated)

    def _id(self, day: date) -> UUID:
        return uuid5(NAMESPACE_URL, f"{self.origin}/days/{day}")

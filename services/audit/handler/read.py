"""An auditor asks: the question becomes a leaf, and only then is it answered."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from services.audit.domain.encoding import MAX_SIZE
from services.audit.domain.export import Row
from services.audit.domain.leaf import Leaf
from services.audit.domain.looks import LookRefused, Visit, fact_of, look, pseudonyms
from services.audit.domain.secrecy import Secrecy
from services.audit.handler.sequence import Sequencer
from services.audit.ports import LONGEST_TIMELINE, Answer, Archive, Clock, Found, Ledgers, Question, Shown

_REFUSALS_PER_MINUTE = 60


class ReadingRoom:
    """Where auditors read. Nothing leaves it before the look is committed."""

    def __init__(
        self,
        sequencer: Sequencer,
        *,
        ledgers: Ledgers,
        archive: Archive,
        secrecy: Secrecy,
        clock: Clock,
        new_id: Callable[[], UUID],
        successor: Secrecy | None = None,
    ) -> None:
        """Take the parts; ``ledgers`` and ``successor`` are the next log's where the one that is read is closed."""
        self._sequencer = sequencer
        self._ledgers = ledgers
        self._archive = archive
        self._secrecy = secrecy
        self._clock = clock
        self._new_id = new_id
        self._looks = successor or secrecy
        self._closed = successor is not None
        self._refusals = (self._clock(), 0, 0)

    async def timeline(self, visit: Visit, reference: str) -> Answer:
        """Everything about one case, in the log's order, each with its payload.

        Raises:
            Refused: the reference is neither an id nor a pseudonym.
        """
        cases = pseudonyms(reference, self._secrecy)
        index = await self.record(visit, {"timeline": reference}, cases=cases)
        before = self._before(index)
        found = await self._archive.find(Question(case=cases, before=before, limit=LONGEST_TIMELINE))
        return Answer(index, [self._show(each) for each in found], before)

    async def entry(self, visit: Visit, index: int) -> Answer:
        """The entry at this index with its payload, or none."""
        found = await self._archive.find(Question(after=index - 1, before=index + 1, limit=1))
        cases = [case for each in found if (case := Leaf.from_bytes(each.entry).case) is not None]
        look = await self.record(visit, {"entry": str(index)}, cases=cases)
        return Answer(look, [self._show(each) for each in found])

    async def search(self, visit: Visit, question: Question) -> Answer:
        """The entries that answer the question, without their payloads.

        Raises:
            Refused: a case in it is neither an id nor a pseudonym.
        """
        cases = tuple(p for case in question.case for p in pseudonyms(case, self._secrecy))
        actor = None if question.actor is None else self._secrecy.actor(question.actor)
        asked = {
            name: str(value)
            for name, value in (
                ("case", " ".join(question.case)),
                ("actor", question.actor),
                ("authority", question.authority),
                ("service", question.service),
                ("type", question.type),
                ("event", question.event),
                ("trace", question.trace),
                ("since", question.since),
                ("until", question.until),
                ("after", question.after),
            )
            if value not in {None, ""}
        }
        index = await self.record(visit, asked, cases=cases)
        before = self._before(index) if question.before is None else question.before
        found = await self._archive.find(replace(question, case=cases, actor=actor, before=before))
        return Answer(index, [replace(self._show(each), disclosure=None) for each in found], before)

    async def rows(self, start: int, end: int) -> Sequence[Row]:
        """Entries as they are exported, from one index to before another; the caller has recorded the look."""
        found = await self._archive.find(Question(after=start - 1, before=end, limit=end - start))
        return await asyncio.to_thread(
            lambda: [Row.of(each.index, each.entry, self._show(each).disclosure) for each in found]
        )

    async def refuse(self, reason: str, route: str, reader: str | None = None) -> None:
        """Put it on record that somebody was turned away; of a flood, sixty a minute and the number of the rest."""
        now = self._clock()
        began, recorded, unrecorded = self._refusals
        if (now - began).total_seconds() >= 60:  # noqa: PLR2004 - a minute
            began, recorded = now, 0
        if recorded >= _REFUSALS_PER_MINUTE:
            self._refusals = (began, recorded, unrecorded + 1)
            return
        self._refusals = (began, recorded + 1, 0)
        said = LookRefused(reader=reader, reason=reason, route=route, unrecorded=unrecorded)
        fact = fact_of(said, id=self._new_id(), at=now, secrecy=self._looks, actor=reader or "nobody")
        async with self._ledgers.transaction() as ledger:
            await self._sequencer.append([fact], ledger)

    async def record(self, visit: Visit, question: Mapping[str, str], *, cases: Sequence[str] = ()) -> int:
        """Commit the look and return the index of its leaf; only then may an answer be given."""
        case = await self._case(cases)
        fact = look(visit, question, id=self._new_id(), at=self._clock(), secrecy=self._looks, case=case)
        async with self._ledgers.transaction() as ledger:
            appended = await self._sequencer.append([fact], ledger)
        return appended.entries[0].index

    def _before(self, look: int) -> int:
        """An answer holds what stood in the log before the look; in a closed log, that is everything."""
        return MAX_SIZE - 1 if self._closed else look

    async def _case(self, cases: Sequence[str]) -> str | None:
        """The one of these pseudonyms that the log knows; else the last, which is the reference itself."""
        if not cases:
            return None
        found = await self._archive.find(Question(case=cases, limit=1))
        return Leaf.from_bytes(found[0].entry).case if found else cases[-1]

    def _show(self, found: Found) -> Shown:
        leaf = Leaf.from_bytes(found.entry)
        if found.sealed is None or found.key is None:
            return Shown(found.index, found.entry, leaf, None)
        disclosure = self._secrecy.open(found.sealed, key=found.key, event_id=leaf.id)
        return Shown(found.index, found.entry, leaf, disclosure)

"""An auditor asks: the question becomes a leaf, and only then is it answered."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.audit.domain.access_log import AccessGrant, look
from services.audit.domain.disclosure import disclosed
from services.audit.domain.encoding import MAX_SIZE
from services.audit.domain.export import ExportRow
from services.audit.domain.leaf import Leaf
from services.audit.domain.pending_entry import TRACE, months
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.domain.reading import (
    COUNTED,
    LONGEST_TIMELINE,
    Found,
    Question,
    ReadingResult,
    Search,
    ShownEntry,
)
from services.audit.domain.reference import CaseReference
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Archive, Clock, Ledgers


class ReadingRoom:
    """Where auditors read. Nothing leaves it before the look is committed; what a person did only where two agreed."""

    def __init__(
        self,
        sequencer: Sequencer,
        *,
        ledgers: Ledgers,
        archive: Archive,
        secrecy: Pseudonymizer,
        clock: Clock,
        new_id: Callable[[], UUID],
        successor: Pseudonymizer | None = None,
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

    async def timeline(
        self, visit: AccessGrant, reference: str, *, evaluated: AbstractSet[str] = frozenset()
    ) -> ReadingResult:
        """Everything about one case, in the log's order, each with its payload.

        Raises:
            ProofRefused: the reference is nothing that a case could be called.
        """
        cases = await self._cases(CaseReference.of(reference, self._secrecy))
        index = await self.record(visit, {"timeline": reference}, cases=cases)
        before = self._before(index)
        asked = Question(case=cases, before=before, limit=LONGEST_TIMELINE)
        found = await self._archive.find(asked) if cases else ()
        return ReadingResult(index, [self._show(each, evaluated) for each in found], before)

    async def entry(
        self, visit: AccessGrant, index: int, *, evaluated: AbstractSet[str] = frozenset()
    ) -> ReadingResult:
        """The entry at this index with its payload, or none."""
        found = await self._archive.find(Question(after=index - 1, before=index + 1, limit=1))
        cases = [case for each in found if (case := Leaf.from_bytes(each.entry).case) is not None]
        look = await self.record(visit, {"entry": str(index)}, cases=cases)
        return ReadingResult(look, [self._show(each, evaluated) for each in found])

    async def search(self, visit: AccessGrant, asked: Search) -> ReadingResult:
        """The entries that answer the question, without their payloads.

        Raises:
            ProofRefused: a case in it is nothing that a case could be called.
        """
        references = [CaseReference.of(case, self._secrecy) for case in asked.case]
        if asked.trace is not None:
            references.append(CaseReference(tokens=(self._secrecy.token(TRACE, asked.trace),)))
        cases = [case for each in references for case in await self._cases(each)]
        index = await self.record(visit, asked.said(), cases=cases)
        before = self._before(index) if asked.before is None else asked.before
        if references and not cases:
            return ReadingResult(index, (), before)
        question = await self._question(asked, cases, before)
        found = await self._archive.find(question)
        total = await self._archive.count(question, most=COUNTED + 1)
        return ReadingResult(
            index, [replace(self._show(each), disclosure=None) for each in found], before, total
        )

    async def rows(
        self, start: int, end: int, *, evaluated: AbstractSet[str] = frozenset()
    ) -> Sequence[ExportRow]:
        """Entries as they are exported, from one index to before another; the caller has recorded the look."""
        found = await self._archive.find(Question(after=start - 1, before=end, limit=end - start))
        return await asyncio.to_thread(
            lambda: [
                ExportRow.of(each.index, each.entry, self._show(each, evaluated).disclosure) for each in found
            ]
        )

    async def record(
        self, visit: AccessGrant, question: Mapping[str, str], *, cases: Sequence[str] = ()
    ) -> int:
        """Commit the look and return the index of its leaf; only then may an answer be given."""
        case = await self._case(cases)
        fact = look(visit, question, id=self._new_id(), at=self._clock(), secrecy=self._looks, case=case)
        async with self._ledgers.transaction() as ledger:
            appended = await self._sequencer.append([fact], ledger)
        return appended.entries[0].index

    def _before(self, look: int) -> int:
        """An answer holds what stood in the log before the look; in a closed log, that is everything."""
        return MAX_SIZE - 1 if self._closed else look

    async def _question(self, asked: Search, cases: Sequence[str], before: int) -> Question:
        return Question(
            case=cases,
            actors=() if asked.actor is None else await self._pseudonyms(asked.actor),
            authority=asked.authority,
            service=asked.service,
            type=asked.type,
            event=None if asked.event is None else self._secrecy.event(asked.event),
            since=asked.since,
            until=asked.until,
            looks=asked.looks,
            after=asked.after,
            before=before,
            limit=asked.limit,
        )

    async def _pseudonyms(self, actor: str) -> Sequence[str]:
        """All that a person has had, month by month, since the log began."""
        first = await self._archive.find(Question(limit=1))
        now = self._clock()
        began = datetime.fromisoformat(Leaf.from_bytes(first[0].entry).time) if first else now
        return [self._secrecy.actor(actor, month) for month in months(began, now)]

    async def _cases(self, reference: CaseReference) -> Sequence[str]:
        return reference.pseudonyms or await self._archive.cases(reference.tokens)

    async def _case(self, cases: Sequence[str]) -> str | None:
        """The one of these pseudonyms that the log knows; else the last, which is the reference itself."""
        if not cases:
            return None
        found = await self._archive.find(Question(case=cases, limit=1))
        return Leaf.from_bytes(found[0].entry).case if found else cases[-1]

    def _show(self, found: Found, evaluated: AbstractSet[str] = frozenset()) -> ShownEntry:
        leaf = Leaf.from_bytes(found.entry)
        if found.sealed is None or found.key is None:
            return ShownEntry(found.index, found.entry, leaf, None)
        opened = self._secrecy.open(found.sealed, key=found.key, leaf_id=leaf.id)
        shown = disclosed(opened, evaluated=evaluated)
        return ShownEntry(found.index, found.entry, leaf, shown, withheld=shown is None)

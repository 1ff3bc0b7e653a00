"""The surroundings of desk and doors without Kafka and PostgreSQL."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from services.router.domain.cases.answering import AnswerEntry, AnswerFound
from services.router.domain.cases.custody import Holding
from services.router.domain.cases.inbox import (
    BadCursor,
    ConsumerInGroup,
    InboxLook,
    InboxPage,
    InboxRecord,
    InboxStanding,
    turns,
)
from services.router.domain.cases.webhooks import Webhook
from shared.errors import Unavailable
from shared.events.custody import CaseHeld

T = TypeVar("T")


class FakeDeskCases:
    """Implements `services.router.ports.DeskCases` over what a test puts in; it may be ``away``."""

    def __init__(self) -> None:
        self._cases: dict[UUID, CaseHeld] = {}
        self._changed = asyncio.Condition()
        self.away = False

    async def put(self, case: UUID, held: CaseHeld | None) -> None:
        """What a committed batch leaves of the case; None is its tombstone."""
        async with self._changed:
            if held is not None and (
                held.standing in {"parked", "routed"}
                or held.placed_by is not None
                or (held.period is not None and held.period.doubt is not None)
            ):
                self._cases[case] = held
            else:
                self._cases.pop(case, None)
            self._changed.notify_all()

    async def now(self) -> Mapping[UUID, CaseHeld]:
        if self.away:
            raise Unavailable("case.custody: the topic could not be read to its end")
        return self._cases

    async def until(self, seen: Callable[[Mapping[UUID, CaseHeld]], T | None]) -> T:
        async with self._changed:
            while (found := seen(self._cases)) is None:
                await self._changed.wait()
            return found


@dataclass
class FakeAnswerStore:
    """Implements `services.router.ports.AnswerStore` in memory."""

    found: dict[tuple[str, str], AnswerFound] = field(default_factory=dict)

    async def enter(self, entry: AnswerEntry) -> AnswerFound | None:
        key = (entry.authority, entry.own_id)
        if key in self.found:
            return self.found[key]
        self.found[key] = AnswerFound(entry=entry, taken=False, running=True)
        return None

    async def find(self, authority: str, own_id: str) -> AnswerFound | None:
        return self.found.get((authority, own_id))

    async def claim(self, entry: AnswerEntry) -> bool:
        found = self.found[entry.authority, entry.own_id]
        if found.taken or found.running:
            return False
        self.found[entry.authority, entry.own_id] = replace(found, running=True)
        return True

    async def settle(self, entry: AnswerEntry, *, taken: bool) -> None:
        found = self.found[entry.authority, entry.own_id]
        self.found[entry.authority, entry.own_id] = replace(found, taken=found.taken or taken, running=False)

    async def withdraw(self, entry: AnswerEntry) -> None:
        if not self.found[entry.authority, entry.own_id].taken:
            del self.found[entry.authority, entry.own_id]

    def end_holds(self) -> None:
        """Whoever held an entry has died."""
        self.found = {key: replace(found, running=False) for key, found in self.found.items()}


@dataclass
class FakeCustody:
    """Implements `services.router.ports.Custody`; ``written`` is what a view that lags does not show yet."""

    seen: dict[UUID, Holding] = field(default_factory=dict)
    written: dict[UUID, Holding] = field(default_factory=dict)
    certain: bool = True

    def now(self, case: UUID) -> Holding | None:
        return self.seen.get(case)

    async def certainly(self, case: UUID) -> Holding | None:
        if not self.certain:
            raise Unavailable("case.custody.v1: its end is not reached; try again")
        return (self.seen | self.written).get(case)


@dataclass
class FakeInboxes:
    """Implements `services.router.ports.Inboxes` over lists; an offset is a place in the list."""

    written: dict[str, list[InboxRecord]] = field(default_factory=dict)
    committed: dict[str, int] = field(default_factory=dict)
    consumers: set[str] = field(default_factory=set)

    def put(self, authority: str, value: bytes = b"{}") -> None:
        records = self.written.setdefault(authority, [])
        headers = (("ce_id", f"{authority}/{len(records)}".encode()),)
        records.append(
            InboxRecord(
                authority=authority,
                offset=len(records),
                headers=headers,
                value=value,
                written_ms=len(records),
            )
        )

    async def page(
        self, authorities: Sequence[str], *, after: Mapping[str, int], limit: int, most_bytes: int
    ) -> InboxPage:
        beyond = frozenset(each for each in after if after[each] > len(self.written.get(each, [])))
        reached = {each: after.get(each, self.committed.get(each, 0)) for each in authorities}
        records: list[InboxRecord] = []
        for each, share in turns(authorities, limit=limit, first=0):
            start = reached[each]
            found = self.written.get(each, [])[start : start + min(share, limit - len(records))]
            records += found
            reached[each] = start + len(found)
        return InboxPage(
            records=tuple(records),
            reached={record.authority: record.offset + 1 for record in records},
            beyond=beyond,
        )

    async def about(
        self, authority: str, case: UUID, *, written_ms: Sequence[int], supplements: int
    ) -> Sequence[InboxRecord]:
        wanted = ("ce_caseid", str(case).encode())
        found = (each for each in self.written.get(authority, []) if each.written_ms >= min(written_ms))
        return [each for each in found if wanted in each.headers][: supplements + 1]

    async def commit(self, places: Mapping[str, int]) -> None:
        for authority, place in places.items():
            if place > len(self.written.get(authority, [])):
                raise BadCursor
            if place > self.committed.get(authority, 0):
                self._commit(authority, place)

    def _commit(self, authority: str, place: int) -> None:
        if authority in self.consumers:
            raise ConsumerInGroup(authority)
        self.committed[authority] = place

    async def rewind(self, authority: str, *, to_ms: int) -> int:
        self._commit(authority, 0)
        return 0

    async def standing(self, authorities: Sequence[str]) -> list[InboxStanding]:
        return [self._standing(each) for each in authorities]

    def _standing(self, authority: str) -> InboxStanding:
        committed, end = self.committed.get(authority, 0), len(self.written.get(authority, []))
        return InboxStanding(
            authority=authority,
            committed=committed,
            end=end,
            oldest_waiting_ms=committed if committed < end else None,
            consumer=authority in self.consumers,
        )


@dataclass
class FakeWebhookStore:
    """Implements `services.router.ports.WebhookStore` in memory."""

    found: dict[str, Webhook] = field(default_factory=dict)
    generations: dict[str, int] = field(default_factory=dict)
    _revision: int = 0

    async def register(self, authorities: Collection[str], *, principal: str, url: str) -> int:
        for each in authorities:
            self.found[each] = Webhook(authority=each, principal=principal, url=url, revision=self._next())
        return self.generations.setdefault(principal, 1)

    async def rotate(self, principal: str) -> int | None:
        if all(each.principal != principal or each.ended == "withdrawn" for each in self.found.values()):
            return None
        self.generations[principal] += 1
        return self.generations[principal]

    async def withdraw(self, authorities: Collection[str]) -> list[str]:
        ended = [each for each in authorities if each in self.found and self.found[each].ended != "withdrawn"]
        for each in ended:
            self.found[each] = replace(self.found[each], ended="withdrawn", revision=self._next())
        return ended

    async def rewind(self, authority: str, *, place: int) -> None:
        if authority in self.found:
            was = self.found[authority]
            self.found[authority] = replace(
                was, announced=min(was.announced, place), attempts=0, next_at=None, revision=self._next()
            )

    async def of(self, authorities: Collection[str]) -> dict[str, Webhook]:
        return {each: self.found[each] for each in authorities if each in self.found}

    def _next(self) -> int:
        self._revision += 1
        return self._revision


@dataclass
class FakeLooks:
    """Implements `services.router.ports.InboxLooks` in memory."""

    found: dict[str, InboxLook] = field(default_factory=dict)
    now: datetime = datetime(2026, 1, 12, 10, tzinfo=UTC)

    async def fetched(self, authorities: Collection[str]) -> None:
        for each in authorities:
            self.found[each] = replace(self.found.get(each, InboxLook()), fetched_at=self.now)

    async def refused(self, authority: str) -> None:
        was = self.found.get(authority, InboxLook())
        self.found[authority] = replace(was, refused_answers=was.refused_answers + 1)

    async def of(self, authorities: Collection[str]) -> dict[str, InboxLook]:
        return {each: self.found[each] for each in authorities if each in self.found}

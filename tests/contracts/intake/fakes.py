"""In-memory stand-ins for intake's ports, held to the contracts beside this file."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from services.intake.domain.admission import EntryStanding, ReceiptEntry
from services.intake.domain.client import Assertion
from services.intake.ports import AuthorityMessage, FeedPage, Known, MessagePage
from shared.access.principal import Principal
from shared.case_history.lines import HistoryLine, complete
from shared.errors import Unavailable
from shared.events.envelope import Message, MessageRefused

HOLD = timedelta(seconds=15)


@dataclass
class FakeClock:
    now: datetime = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class FakeReceiptStore:
    clock: FakeClock
    rows: dict[UUID, tuple[ReceiptEntry, datetime, bool]] = field(default_factory=dict)

    async def enter(self, entry: ReceiptEntry) -> EntryStanding | None:
        if entry.submission_id not in self.rows:
            self.rows[entry.submission_id] = (entry, self.clock() + HOLD, False)
            return None
        entered, held_until, taken = self.rows[entry.submission_id]
        return EntryStanding(entry=entered, taken=taken, running=held_until > self.clock())

    async def claim(self, submission_id: UUID) -> bool:
        entered, held_until, taken = self.rows[submission_id]
        if taken or held_until > self.clock():
            return False
        self.rows[submission_id] = (entered, self.clock() + HOLD, False)
        return True

    async def settle(self, submission_id: UUID, *, taken: bool) -> None:
        entered, _, was_taken = self.rows[submission_id]
        self.rows[submission_id] = (entered, self.clock(), was_taken or taken)

    async def withdraw(self, submission_id: UUID) -> None:
        if not self.rows[submission_id][2]:
            del self.rows[submission_id]


@dataclass
class FakeBus:
    """``mode`` says what the next messages meet.

    ``lost`` and ``kept`` fail, without and with effect; ``refused`` is never taken; ``silent`` answers once
    ``acknowledged`` is set.
    """

    mode: Literal["up", "lost", "kept", "refused", "silent"] = "up"
    messages: list[Message] = field(default_factory=list)
    asked: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, message: Message) -> None:
        self.asked.put_nowait(message)
        if self.mode == "silent":
            await self.acknowledged.wait()
        if self.mode == "refused":
            raise MessageRefused("the message is too large")
        if self.mode != "lost":
            self.messages.append(message)
        if self.mode in {"lost", "kept"}:
            raise Unavailable("Kafka is away")


@dataclass
class FakePrincipals:
    known: dict[str, Principal] = field(default_factory=dict)

    def get(self, principal: str) -> Principal | None:
        return self.known.get(principal)


@dataclass
class FakeAssertionIds:
    seen: set[tuple[str, str]] = field(default_factory=set)

    async def first_use(self, assertion: Assertion) -> bool:
        known = (assertion.client_id, assertion.id) in self.seen
        self.seen.add((assertion.client_id, assertion.id))
        return not known


@dataclass
class FakeMessages:
    """Messages by case and client, in the order in which a test has put them here."""

    kept: list[tuple[UUID, str, AuthorityMessage]] = field(default_factory=list)
    taken_away: list[UUID] = field(default_factory=list)

    async def page(
        self, case_id: UUID, *, client_id: str, after: str | None, limit: int
    ) -> MessagePage | None:
        mine = [
            (str(number), message)
            for number, (case, client, message) in enumerate(self.kept, 1)
            if (case, client) == (case_id, client_id) and message.message_id not in self.taken_away
        ]
        if after is not None and not after.isdigit():
            return None
        rest = [(place, message) for place, message in mine if int(place) > int(after or 0)]
        shown = rest[:limit]
        reached = shown[-1][0] if shown else after or "0"
        return MessagePage(
            messages=[message for _, message in shown], next=reached, more=len(rest) > len(shown)
        )

    async def confirm(self, message_id: UUID, *, case_id: UUID, client_id: str) -> None:
        theirs = {
            message.message_id
            for case, client, message in self.kept
            if (case, client) == (case_id, client_id)
        }
        if message_id in theirs and message_id not in self.taken_away:
            self.taken_away.append(message_id)


@dataclass
class FakeHistories:
    """Reads receipts from the store's rows, and the lines that a test has put here in feed order."""

    store: FakeReceiptStore
    lines: list[HistoryLine] = field(default_factory=list)
    epoch: str = "fake"

    async def submission(self, submission_id: UUID, *, client_id: str) -> Known | None:
        row = self.store.rows.get(submission_id)
        return self._known(row[0], client_id) if row and row[2] else None

    async def by_reference(self, reference_hash: str, *, client_id: str) -> Sequence[Known]:
        found = [
            known
            for entry, _, taken in self.store.rows.values()
            if taken and entry.receipt.client_reference_hash == reference_hash
            if (known := self._known(entry, client_id))
        ]
        return sorted(found, key=lambda known: known.receipt.received_at, reverse=True)[:20]

    async def by_number(self, receipt_number: str, *, client_id: str) -> Known | None:
        rows = self.store.rows.values()
        found = [
            entry for entry, _, taken in rows if taken and entry.receipt.receipt_number == receipt_number
        ]
        return self._known(found[0], client_id) if found else None

    async def case(self, case_id: UUID, *, client_id: str) -> Known | None:
        found = [
            entry
            for entry, _, taken in self.store.rows.values()
            if taken and entry.case_id == case_id and entry.kind == "submission"
        ]
        return self._known(found[0], client_id) if found else None

    async def feed(self, client_id: str, *, after: str | None, limit: int) -> FeedPage | None:
        epoch, _, position = (after or f"{self.epoch}-0").partition("-")
        if epoch != self.epoch or not position.isdigit():
            return None
        mine = [(n, line) for n, line in enumerate(self.lines, 1) if self._client(line) == client_id]
        rest = [(n, line) for n, line in mine if n > int(position)]
        shown = rest[:limit]
        reached = shown[-1][0] if shown else int(position)
        return FeedPage(
            lines=[line for _, line in shown], next=f"{self.epoch}-{reached}", more=len(rest) > limit
        )

    def _known(self, entry: ReceiptEntry, client_id: str) -> Known | None:
        if entry.receipt.client_id != client_id:
            return None
        lines: Sequence[HistoryLine] = sorted(
            (line for line in self.lines if line.case_id == entry.case_id), key=lambda line: line.at
        )
        return Known(
            submission_id=entry.submission_id,
            case_id=entry.case_id,
            receipt=entry.receipt,
            lines=complete(
                lines,
                submission_id=entry.submission_id,
                case_id=entry.case_id,
                received_at=entry.receipt.received_at,
            ),
            client_reference=entry.client_reference,
        )

    def _client(self, line: HistoryLine) -> str:
        return self.store.rows[line.submission_id][0].receipt.client_id

"""The notifier's queue in memory: what it promises, the contract suite holds against PostgreSQL too."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.notifier.domain.case import ContactState
from services.notifier.domain.message import ApplicantMessage, MessageState
from services.notifier.domain.told_by import DATED
from services.notifier.ports import Claim, StoreAway
from shared.events.notification import NotificationSettled
from shared.events.payload import Sealed


@dataclass
class Row:
    message: ApplicantMessage
    contact: ContactState
    created_at: datetime
    due_at: datetime
    state: MessageState = "created"
    attempts: int = 0
    repeats: int = 0
    lease: UUID | None = None
    leased_until: datetime | None = None
    notice: Sealed | None = None


@dataclass
class FakeQueue:
    """The `Queue` of component tests. ``failures`` calls fail before they do anything."""

    now: datetime
    lease: timedelta = timedelta(seconds=60)
    rows: dict[UUID, Row] = field(default_factory=dict)
    emitted: list[NotificationSettled] = field(default_factory=list)
    failures: int = 0

    def plan(self, message: ApplicantMessage, contact: ContactState, *, notice: Sealed | None = None) -> None:
        self.rows[message.id] = Row(message, contact, self.now, self.now, notice=notice)

    async def claim(self, most: int, *, dated: bool = False) -> Sequence[Claim]:
        self._reach()
        claimed: list[Row] = []
        for row in sorted(self.rows.values(), key=lambda row: row.due_at):
            if len(claimed) < most and self._may_go(row, dated=dated):
                claimed.append(row)
        lease = uuid4()
        return [self._take(row, lease) for row in claimed]

    async def begin(self, claim: Claim) -> bool:
        self._reach()
        row = self.rows[claim.message.id]
        if row.lease != claim.lease or row.state != "created" or self._expired(row):
            return False
        row.state, row.leased_until = "sending", self.now + self.lease
        return True

    async def settle(self, claim: Claim, settled: NotificationSettled) -> bool:
        self._reach()
        row = self.rows[claim.message.id]
        if row.lease != claim.lease or row.state not in {"created", "sending"}:
            return False
        row.state, row.attempts, row.lease = settled.outcome, settled.attempts, None
        self.emitted.append(settled)
        return True

    async def postpone(
        self, claim: Claim, *, attempts: int, pause: timedelta, repeats: int | None = None
    ) -> None:
        self._reach()
        row = self.rows[claim.message.id]
        if row.lease == claim.lease and row.state in {"created", "sending"}:
            row.state, row.attempts, row.lease, row.due_at = "created", attempts, None, self.now + pause
            row.repeats = claim.repeats if repeats is None else repeats

    async def stranded(self) -> Sequence[Claim]:
        self._reach()
        lease = uuid4()
        stranded = [row for row in self.rows.values() if row.state == "sending" and self._expired(row)]
        return [self._take(row, lease) for row in stranded]

    def _reach(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreAway("the store is away")

    def _may_go(self, row: Row, *, dated: bool) -> bool:
        free = row.lease is None or self._expired(row)
        old = row.created_at < self.now - timedelta(hours=1)
        told = row.notice is not None or row.created_at < self.now - timedelta(minutes=1)
        heard = (row.contact != "unheard" or old) and (row.message.notice is None or told)
        if not (row.state == "created" and row.due_at <= self.now and free and heard):
            return False
        goes_on = row.message.kind in DATED and row.message.channel != row.message.channels[-1]
        return goes_on if dated else self._is_next(row)

    def _is_next(self, row: Row) -> bool:
        order = list(self.rows)
        waiting = [
            other
            for other in self.rows.values()
            if other.message.case_id == row.message.case_id and other.state in {"created", "sending"}
        ]
        first = min(
            waiting, key=lambda other: (other.message.kind != "receipt", order.index(other.message.id))
        )
        return first is row

    def _expired(self, row: Row) -> bool:
        return row.leased_until is None or row.leased_until < self.now

    def _take(self, row: Row, lease: UUID) -> Claim:
        row.lease, row.leased_until = lease, self.now + self.lease
        return Claim(
            message=replace(row.message),
            contact=row.contact,
            attempts=row.attempts,
            repeats=row.repeats,
            created_at=row.created_at,
            lease=lease,
            notice=row.notice,
        )

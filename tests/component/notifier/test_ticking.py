"""Which events move a case's clock, with a ledger in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.notifier.domain.clock import CaseClock, Timer
from services.notifier.handler.ticking import set_timers
from shared.events.case import CaseMessage
from shared.events.notification import NotificationSettled
from shared.events.submission import SubmissionRouted
from tests.support.events import CASE_ID, GIESSEN, RECEIPT, RECEIVED_AT, event, sealed
from tests.support.law import hessian_law

LAW = hessian_law()
SEALED = CaseMessage(
    receipt=RECEIPT,
    authority=GIESSEN,
    kind="information-requested",
    answer_id=UUID(int=9),
    notice=sealed("notifier-2026", purpose="notice"),
    given_at=RECEIVED_AT,
)


@dataclass
class Ledger:
    """The `ClockLedger` of these tests; it keeps what was written last."""

    kept: dict[UUID, CaseClock] = field(default_factory=dict)
    timers: list[Timer] = field(default_factory=list)
    asked: int = 0
    written: int = 0

    async def clocks(self, ids: Collection[UUID]) -> Sequence[CaseClock]:
        self.asked += 1
        return [clock for case, clock in self.kept.items() if case in ids]

    async def set(self, clocks: Collection[CaseClock], timers: Collection[Timer]) -> None:
        self.written += len(clocks)
        self.kept |= {clock.case_id: clock for clock in clocks}
        self.timers = list(timers)


async def test_what_an_authority_has_sealed_touches_no_clock() -> None:
    """It is read beside the case's own events: a clock that it wrote would undo what those have said."""
    ledger = Ledger()
    await set_timers([event(SEALED)], ledger, LAW)
    assert ledger.kept == {}


async def test_what_the_router_tells_moves_the_clock_and_sets_its_timers() -> None:
    ledger = Ledger()
    await set_timers(
        [event(SEALED), event(SubmissionRouted(receipt=RECEIPT, authority=GIESSEN))], ledger, LAW
    )
    assert ledger.kept[CASE_ID].standing == "routed"
    assert {timer.kind for timer in ledger.timers} == {"fetching", "confirmation", "ending", "ended"}


async def test_what_became_of_a_message_asks_for_no_clock_and_an_event_that_changes_none_writes_none() -> (
    None
):
    settled = NotificationSettled(
        message_id=UUID(int=1),
        kind="receipt",
        revision=1,
        channel="email",
        outcome="sent",
        attempts=1,
        settled_at=RECEIVED_AT,
    )
    ledger, routed = Ledger(), event(SubmissionRouted(receipt=RECEIPT, authority=GIESSEN))
    await set_timers([event(settled)], ledger, LAW)
    assert (ledger.asked, ledger.written) == (0, 0)
    await set_timers([routed], ledger, LAW)
    timers = ledger.timers
    await set_timers([routed, event(settled)], ledger, LAW)
    assert (ledger.asked, ledger.written, ledger.timers) == (2, 1, timers)

"""Which events move a case's clock, with a ledger in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.notifier.domain.clock import CaseClock, Timer
from services.notifier.handler.ticking import set_timers
from shared.events.case import CaseMessage
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

    async def clocks(self, ids: Collection[UUID]) -> Sequence[CaseClock]:
        return [clock for case, clock in self.kept.items() if case in ids]

    async def set(self, clocks: Collection[CaseClock], timers: Collection[Timer]) -> None:
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

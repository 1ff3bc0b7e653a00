"""The valid events of the golden files that say what the calendar means for a case."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from shared.events.clock import ExtensionIneffective, PeriodEnded, PeriodEnding, StepOverdue
from shared.events.payload import Payload
from tests.support.events import GIESSEN, PERIOD_ENDED, RECEIPT, RECEIVED_AT

BARE_RECEIPT: Final = RECEIPT.model_copy(update={"client_reference_hash": None, "language": "en"})
_LATER: Final = RECEIVED_AT + timedelta(days=1)

CALENDAR: Final[Mapping[str, Payload]] = {
    "StepOverdue/forwarding": StepOverdue(receipt=BARE_RECEIPT, step="forwarding", due_on=date(2026, 1, 13)),
    "StepOverdue/fetching": StepOverdue(
        receipt=RECEIPT, step="fetching", authority=GIESSEN, due_on=date(2026, 1, 23), reminder=2
    ),
    "PeriodEnding/a-week": PeriodEnding(
        receipt=RECEIPT,
        authority=GIESSEN,
        days_left=7,
        last_safe_dispatch=date(2026, 4, 11),
        earliest_reading=date(2026, 4, 8),
        period_ends=date(2026, 4, 15),
    ),
    "PeriodEnded/silence-is-nothing": PeriodEnded(
        receipt=BARE_RECEIPT,
        authority=GIESSEN,
        profile="three-months-inaction",
        period_ended_on=date(2026, 4, 15),
    ),
    "PeriodEnded/deemed": PERIOD_ENDED,
    "ExtensionIneffective/too-late": ExtensionIneffective(
        receipt=RECEIPT,
        authority=GIESSEN,
        months=1,
        reason="too-late",
        period_ends=date(2026, 4, 15),
        extended_at=_LATER,
    ),
    "ExtensionIneffective/nothing-runs": ExtensionIneffective(
        receipt=BARE_RECEIPT, authority=GIESSEN, months=2, reason="nothing-runs", extended_at=_LATER
    ),
}

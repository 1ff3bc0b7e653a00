"""What the calendar's events say to the authority that holds a case."""

from datetime import date

import pytest

from services.router.domain.cases.due import Due, DueKind, due_by, graver
from shared.events.clock import PeriodEnded, PeriodEnding, StepOverdue
from shared.events.payload import Payload
from tests.support.events import GIESSEN, RECEIPT

DAY = date(2026, 4, 9)
ENDING = PeriodEnding(
    receipt=RECEIPT,
    authority=GIESSEN,
    days_left=5,
    last_safe_dispatch=DAY,
    earliest_reading=DAY,
    period_ends=date(2026, 4, 12),
)
ENDED = PeriodEnded(receipt=RECEIPT, authority=GIESSEN, profile="p", period_ended_on=DAY)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (ENDING, Due(kind="decision-due", on=DAY, period_ends=date(2026, 4, 12))),
        (ENDED, Due(kind="period-over", on=DAY)),
        (
            StepOverdue(receipt=RECEIPT, step="confirmation", due_on=DAY),
            Due(kind="confirmation-late", on=DAY),
        ),
        (StepOverdue(receipt=RECEIPT, step="fetching", due_on=DAY), Due(kind="confirmation-late", on=DAY)),
        (StepOverdue(receipt=RECEIPT, step="forwarding", due_on=DAY), None),
        (RECEIPT, None),
    ],
)
def test_an_event_of_the_clock_says_what_is_due_until_when(told: Payload, expected: Due | None) -> None:
    assert due_by(told) == expected


@pytest.mark.parametrize(
    ("known", "told", "counts"),
    [
        (None, "decision-due", "decision-due"),
        ("decision-due", "confirmation-late", "decision-due"),
        ("confirmation-late", "period-over", "period-over"),
        ("period-over", "decision-due", "period-over"),
    ],
)
def test_the_end_of_a_period_counts_more_than_its_approach(
    known: DueKind | None, told: DueKind, counts: DueKind
) -> None:
    before = None if known is None else Due(kind=known, on=DAY)
    assert graver(before, Due(kind=told, on=DAY)).kind == counts


def test_a_period_that_ends_later_than_was_said_is_not_over() -> None:
    """An extension was read late, or a holiday was added late; a warning read after its own end changes nothing."""
    over = Due(kind="period-over", on=DAY)
    later = Due(kind="decision-due", on=DAY, period_ends=date(2026, 5, 11))
    assert graver(over, later) == later
    same = Due(kind="decision-due", on=DAY, period_ends=DAY)
    assert graver(over, same) == over
    assert graver(later, over) == over

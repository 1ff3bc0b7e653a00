"""What a period depends on is kept as it happened, whatever is asked later."""

from services.notifier.domain.period import Progress
from tests.unit.notifier.test_clock import (
    RECEIVED,
    ROUTED_EVENT,
    asked,
    at_day,
    berlin,
    clock,
    due,
    extended,
    supplied,
)


def test_an_extension_is_read_against_what_stood_when_it_was_made_whatever_is_asked_later() -> None:
    in_the_first_wait = (asked(day=2), at_day(3, extended(1, RECEIVED)), supplied(day=5))
    again = (asked(day=20), supplied(day=57))
    assert due(clock(ROUTED_EVENT, *in_the_first_wait, *again), "ended") == [(1, berlin(2026, 6, 16, 0))]
    while_it_ran = (asked(day=2), supplied(day=5), at_day(6, extended(1, RECEIVED)))
    assert due(clock(ROUTED_EVENT, *while_it_ran, *again), "ended") == [(1, berlin(2026, 7, 16, 0))]


def test_what_is_known_of_a_period_is_read_as_it_was_written() -> None:
    story = (
        asked(day=2),
        supplied(day=5),
        asked(day=20),
        at_day(21, extended(1, RECEIVED)),
        supplied(day=57),
    )
    progress = clock(ROUTED_EVENT, *story).progress
    assert Progress.read(progress.written()) == progress

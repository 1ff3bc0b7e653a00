"""On which days an authority is warned that a period ends."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.clock import struck, timers
from shared.events.clock import PeriodEnding
from shared.events.submission import SubmissionRouted
from tests.support.events import GIESSEN
from tests.unit.notifier.test_clock import FICTION, LAW, berlin, clock, due, event

pytestmark = pytest.mark.slow


def test_an_authority_is_warned_once_more_where_the_law_may_be_read_more_strictly() -> None:
    """Received on 28 January 2026: sent by Sunday, 26 April; by Friday, 24 April, without the three days of § 71b."""
    receipt = FICTION.model_copy(update={"received_at": datetime(2026, 1, 28, 12, tzinfo=UTC)})
    found = clock(event(SubmissionRouted(receipt=receipt, authority=GIESSEN)))
    assert due(found, "ending")[-3:] == [
        (7, berlin(2026, 4, 17, 6)),
        (4, berlin(2026, 4, 22, 6)),
        (2, berlin(2026, 4, 24, 6)),
    ]
    strict = next(timer for timer in timers(found, LAW) if (timer.kind, timer.step) == ("ending", 4))
    told = struck(strict, found, LAW)
    assert isinstance(told, PeriodEnding)
    assert (told.last_safe_dispatch, told.earliest_reading) == (date(2026, 4, 26), date(2026, 4, 24))


@given(st.dates(date(2024, 1, 1), date(2035, 12, 31)))
def test_the_last_warning_but_one_comes_two_days_before_the_strictest_reading_at_the_latest(
    day: date,
) -> None:
    receipt = FICTION.model_copy(
        update={"received_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC)}
    )
    found = clock(event(SubmissionRouted(receipt=receipt, authority=GIESSEN)))
    warned = [(timer, timer.due_at.date()) for timer in timers(found, LAW) if timer.kind == "ending"]
    told = struck(warned[0][0], found, LAW)
    assert isinstance(told, PeriodEnding)
    strict = LAW.calendar.last_working_day(told.earliest_reading - timedelta(days=2))
    likely = [told.last_safe_dispatch - timedelta(days=days) for days in (30, 14, 7, 2)]
    assert {on for _, on in warned} == {LAW.calendar.last_working_day(on) for on in likely} | {strict}
    assert len(warned) == len({on for _, on in warned})


@given(st.dates(date(2024, 1, 1), date(2027, 12, 31)))
def test_warnings_are_on_working_days_and_in_their_order(day: date) -> None:
    receipt = FICTION.model_copy(
        update={"received_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC)}
    )
    found = timers(clock(event(SubmissionRouted(receipt=receipt, authority=GIESSEN))), LAW)
    warned = [timer.due_at for timer in found if timer.kind == "ending"]
    assert warned == sorted(warned)
    assert all(LAW.calendar.works(instant.date()) for instant in warned)

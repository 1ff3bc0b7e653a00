"""What a period depends on is kept as it happened, whatever is asked later."""

from datetime import datetime

import pytest

from services.notifier.domain.clock import CaseClock, Timer, pending, struck, timers
from services.notifier.domain.period import Progress
from shared.events.case import CaseAccepted, PeriodExtended
from shared.events.clock import ExtensionFault, ExtensionIneffective, PeriodEnded, PeriodEnding
from shared.events.envelope import Event
from shared.events.payload import Payload
from shared.events.submission import SubmissionRouted
from tests.support.events import GIESSEN
from tests.unit.notifier.test_clock import (
    ACCEPTED_EVENT,
    FICTION,
    LAW,
    RECEIVED,
    RECEIVED_EVENT,
    ROUTED_EVENT,
    TRADE,
    asked,
    at_day,
    berlin,
    clock,
    due,
    event,
    extended,
    supplied,
)


def test_an_extension_is_judged_by_the_period_at_its_time_not_by_later_requests() -> None:
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


APRIL = berlin(2026, 4, 1, 12)
JUNE = berlin(2026, 6, 16, 0)


def without_word_of_it(found: CaseClock) -> tuple[Timer, ...]:
    """The timers without the one that says that an extension has moved nothing."""
    return tuple(timer for timer in timers(found, LAW) if timer.kind != "extension")


def in_vain(found: CaseClock) -> list[tuple[ExtensionFault, datetime]]:
    said = [(timer, struck(timer, found, LAW)) for timer in timers(found, LAW) if timer.kind == "extension"]
    return [(told.reason, timer.due_at) for timer, told in said if isinstance(told, ExtensionIneffective)]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ((asked(day=2), at_day(3, extended(1, RECEIVED)), supplied(day=57)), "nothing-runs"),
        ((asked(day=2), supplied(day=57), at_day(59, extended(1, JUNE))), "too-late"),
    ],
)
def test_an_extension_without_effect_is_said_at_once_and_uses_up_nothing(
    before: tuple[Event[Payload], ...], reason: ExtensionFault
) -> None:
    vain = next(each for each in before if isinstance(each.data, PeriodExtended))
    found = clock(RECEIVED_EVENT, ROUTED_EVENT, *before)
    assert due(found, "ended") == [(1, JUNE)]
    assert in_vain(found) == [(reason, vain.time)]
    in_time = at_day(60, extended(1, RECEIVED))
    for story in ((*before, in_time), (in_time, *before), (*before, in_time, *before)):
        told = clock(RECEIVED_EVENT, ROUTED_EVENT, *story)
        assert due(told, "ended") == [(1, berlin(2026, 7, 16, 0))]
        assert in_vain(told) == [(reason, vain.time)]


def test_an_extension_that_the_law_does_not_allow_is_said_with_that_reason() -> None:
    trade = event(SubmissionRouted(receipt=TRADE, authority=GIESSEN))
    longer = event(PeriodExtended(receipt=TRADE, authority=GIESSEN, months=1, extended_at=RECEIVED))
    assert in_vain(clock(trade, longer)) == [("not-allowed", longer.time)]


def test_one_that_came_too_late_stays_without_effect_when_documents_are_asked_for_again() -> None:
    """Its period had ended when it was made; the new one is another, which may be extended once."""
    late = extended(1, berlin(2026, 4, 16, 12))
    again = (asked(day=100), supplied(day=110))
    found = clock(RECEIVED_EVENT, ROUTED_EVENT, late, *again)
    assert due(found, "ended") == due(clock(RECEIVED_EVENT, ROUTED_EVENT, *again), "ended")
    assert in_vain(found) == [("too-late", late.time)]
    in_time = at_day(111, extended(1, RECEIVED))
    longer = clock(RECEIVED_EVENT, ROUTED_EVENT, late, *again, in_time)
    assert due(longer, "ended") > due(found, "ended")
    assert in_vain(longer) == [("too-late", late.time)]


def test_an_extension_that_counts_is_not_reported_as_without_effect_and_of_a_later_one_the_router_speaks() -> (
    None
):
    assert in_vain(clock(RECEIVED_EVENT, ROUTED_EVENT, extended(1, APRIL))) == []
    twice = (extended(1, APRIL), extended(2, berlin(2026, 4, 2, 12)))
    assert in_vain(clock(RECEIVED_EVENT, ROUTED_EVENT, *twice)) == []


def test_an_end_says_whether_it_is_that_of_an_extension() -> None:
    """The router holds every extension too, and concludes nothing from an end that did not know of it."""
    for made, longer in ((extended(1, APRIL), True), (extended(1, berlin(2026, 4, 16, 12)), False)):
        found = clock(RECEIVED_EVENT, ROUTED_EVENT, made)
        said = [struck(timer, found, LAW) for timer in timers(found, LAW) if timer.kind == "ended"]
        assert [told.extended for told in said if isinstance(told, PeriodEnded)] == [longer]


def test_no_fiction_of_an_extended_period_is_concluded_before_it_has_ended_by_every_reading() -> None:
    """Ended on Thursday, 30 April 2026; three months more end on 30 July or on Friday, 31 July."""
    receipt = FICTION.model_copy(update={"received_at": berlin(2026, 1, 28, 12)})
    made = PeriodExtended(receipt=receipt, authority=GIESSEN, months=3, extended_at=berlin(2026, 4, 1, 12))
    found = clock(
        event(SubmissionRouted(receipt=receipt, authority=GIESSEN)), event(made, berlin(2026, 4, 1, 12))
    )
    (ended,) = [struck(timer, found, LAW) for timer in timers(found, LAW) if timer.kind == "ended"]
    assert isinstance(ended, PeriodEnded)
    assert (str(ended.period_ended_on), str(ended.grace_until)) == ("2026-07-30", "2026-08-03")


@pytest.mark.parametrize("months", [1, 3])
def test_an_authority_that_extends_is_told_the_new_end_at_once_and_never_twice_on_a_day(months: int) -> None:
    """Also where the clock had struck before the extension was read: the inbox says "over" no longer."""
    at = berlin(2026, 4, 15, 23)
    found = clock(RECEIVED_EVENT, ROUTED_EVENT, extended(months, at))
    now = berlin(2026, 4, 16, 1)
    waiting = [timer for timer in pending(timers(found, LAW), now=now) if timer.kind == "ending"]
    (at_once,) = [timer for timer in waiting if timer.due_at <= now]
    told = struck(at_once, found, LAW, now=now)
    assert isinstance(told, PeriodEnding)
    assert str(told.period_ends) == {1: "2026-05-15", 3: "2026-07-15"}[months]
    assert told.days_left == (told.last_safe_dispatch - now.date()).days
    days = [timer.due_at.date() for timer in waiting]
    assert len(days) == len(set(days))
    assert due(clock(ROUTED_EVENT), "ending") == due(
        clock(ROUTED_EVENT, extended(1, berlin(2026, 5, 1, 12))), "ending"
    )


def test_of_endless_extensions_the_first_are_kept_and_the_last_that_the_authority_must_hear_of() -> None:
    endless = [extended(1, berlin(2026, 7, 1 + day, 12)) for day in range(30)]
    kept = clock(RECEIVED_EVENT, ROUTED_EVENT, *reversed(endless)).progress.extensions
    assert sorted(each.at for each in kept) == [each.time for each in (*endless[:15], endless[-1])]


def test_an_extension_that_comes_after_the_end_or_a_second_time_changes_nothing() -> None:
    once = clock(RECEIVED_EVENT, ROUTED_EVENT, extended(1, berlin(2026, 4, 1, 12)))
    assert timers(once.after(extended(2, berlin(2026, 4, 2, 12))), LAW) == timers(once, LAW)
    late = clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT, extended(1, berlin(2026, 4, 16, 12)))
    assert without_word_of_it(late) == timers(clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT), LAW)


def test_an_extension_that_the_law_does_not_allow_changes_nothing() -> None:
    trade = event(SubmissionRouted(receipt=TRADE, authority=GIESSEN))
    accepted = event(CaseAccepted(receipt=TRADE, authority=GIESSEN, accepted_at=RECEIVED))
    longer = event(PeriodExtended(receipt=TRADE, authority=GIESSEN, months=1, extended_at=RECEIVED))
    assert without_word_of_it(clock(trade, accepted, longer)) == timers(clock(trade, accepted), LAW)

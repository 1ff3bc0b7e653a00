from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.clock import CaseClock, pending, struck, timers
from services.notifier.domain.deadlines.compute import compute
from services.notifier.domain.deadlines.inquiry import read_deadline_inquiry
from shared.events.case import (
    CaseAccepted,
    CaseDecided,
    CaseDeemedApproved,
    CaseFetched,
    InformationRequested,
    PeriodExtended,
)
from shared.events.clock import PeriodEnded, PeriodEnding, StepOverdue
from shared.events.envelope import Event
from shared.events.payload import Payload
from shared.events.submission import SubmissionParked, SubmissionReceived, SubmissionRouted
from shared.events.supplement import CaseSupplemented, CaseWithdrawn
from shared.local_time import CIVIL_TIME
from tests.support.events import CASE_ID, GIESSEN, PERIOD_ENDED, RECEIPT, SUBMISSION_ID, sealed
from tests.support.law import hessian_law

LAW = hessian_law()
_WETZLAR = "g-06532023"
RECEIVED = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
FICTION = RECEIPT.model_copy(update={"service": "99050023005000", "received_at": RECEIVED})
TRADE = RECEIPT.model_copy(update={"service": "99050012104000", "received_at": RECEIVED})


def event(data: Payload, at: datetime = RECEIVED) -> Event[Payload]:
    return Event(
        id=UUID(int=1), source="tests", time=at, case_id=CASE_ID, submission_id=SUBMISSION_ID, data=data
    )


RECEIVED_EVENT = event(SubmissionReceived(receipt=FICTION, content=sealed()))
PARKED_EVENT = event(SubmissionParked(receipt=FICTION, reason="unknown-place"))
ROUTED_EVENT = event(SubmissionRouted(receipt=FICTION, authority=GIESSEN))
ACCEPTED_EVENT = event(CaseAccepted(receipt=FICTION, authority=GIESSEN, accepted_at=RECEIVED))
DECIDED_EVENT = event(CaseDecided(receipt=FICTION, authority=GIESSEN, outcome="granted", decided_at=RECEIVED))
ALL = (RECEIVED_EVENT, PARKED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT, DECIDED_EVENT)


def fetched(*, since: datetime) -> Event[Payload]:
    """The authority has fetched what was routed to it then."""
    return event(CaseFetched(receipt=FICTION, authority=GIESSEN, routed_at=since, fetched_at=since))


def at_day(day: int, told: Event[Payload]) -> Event[Payload]:
    """The same event, told by the router so many days after the receipt."""
    return replace(told, time=RECEIVED + timedelta(days=day))


def asked(*, day: int) -> Event[Payload]:
    at = RECEIVED + timedelta(days=day)
    return event(InformationRequested(receipt=FICTION, authority=GIESSEN, items=1, requested_at=at), at)


def supplied(*, day: int, requested: bool = True) -> Event[Payload]:
    return at_day(day, supplied_at(RECEIVED + timedelta(days=day), requested=requested))


def supplied_at(at: datetime, *, requested: bool = True) -> Event[Payload]:
    more = FICTION.model_copy(update={"received_at": at})
    told = CaseSupplemented(
        receipt=FICTION, authority=GIESSEN, supplement=more, requested=requested, supplemented_at=at
    )
    return event(told, at)


def extended(months: int, at: datetime) -> Event[Payload]:
    return event(PeriodExtended(receipt=FICTION, authority=GIESSEN, months=months, extended_at=at), at)


def clock(*events: Event[Payload]) -> CaseClock:
    found = CaseClock(case_id=CASE_ID)
    for each in events:
        found = found.after(each)
    return found


def due(found: CaseClock, kind: str) -> list[tuple[int, datetime]]:
    return [(timer.step, timer.due_at) for timer in timers(found, LAW) if timer.kind == kind]


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CIVIL_TIME)  # type: ignore[misc, arg-type] # year, month, day, hour


def test_forwarding_is_overdue_after_a_working_day() -> None:
    found = clock(RECEIVED_EVENT)
    assert due(found, "forwarding") == [(1, berlin(2026, 1, 14, 6))]
    (timer,) = [timer for timer in timers(found, LAW) if timer.kind == "forwarding"]
    assert struck(timer, found, LAW) == StepOverdue(
        receipt=FICTION, step="forwarding", due_on=date(2026, 1, 13)
    )


def test_an_authority_is_warned_before_the_last_safe_dispatch_on_a_working_day() -> None:
    """The last safe dispatch is Saturday, 11 April; 7 days before is Saturday, 4 April, behind Good Friday."""
    assert due(clock(RECEIVED_EVENT, ROUTED_EVENT), "ending") == [
        (30, berlin(2026, 3, 12, 6)),
        (14, berlin(2026, 3, 27, 6)),
        (7, berlin(2026, 4, 2, 6)),
        (2, berlin(2026, 4, 9, 6)),
    ]


def test_a_period_has_ended_at_midnight_in_germany_and_says_whether_the_fiction_is_certain() -> None:
    found = clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT)
    ended = next(timer for timer in timers(found, LAW) if timer.kind == "ended")
    assert ended.due_at == berlin(2026, 4, 16, 0)
    assert struck(ended, found, LAW) == PERIOD_ENDED.model_copy(update={"receipt": FICTION})


def test_where_the_fiction_covers_some_cases_only_it_is_not_certain() -> None:
    brokers = FICTION.model_copy(update={"service": "99050013005000"})
    found = clock(event(SubmissionRouted(receipt=brokers, authority=GIESSEN)))
    ended = next(timer for timer in timers(found, LAW) if timer.kind == "ended")
    said = struck(ended, found, LAW)
    assert isinstance(said, PeriodEnded)
    assert (said.deemed, said.certain) == ("approval", False)


def test_what_is_not_fetched_is_said_three_times_and_ends_with_the_confirmation() -> None:
    assert [step for step, _ in due(clock(RECEIVED_EVENT, ROUTED_EVENT), "fetching")] == [1, 2, 3]
    assert due(clock(RECEIVED_EVENT, ROUTED_EVENT), "confirmation") == [(1, berlin(2026, 1, 23, 6))]
    accepted = clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT)
    assert {timer.kind for timer in timers(accepted, LAW)} == {"ending", "ended"}


def test_what_is_fetched_is_awaited_no_more_but_its_confirmation_is() -> None:
    taken = clock(RECEIVED_EVENT, ROUTED_EVENT, fetched(since=ROUTED_EVENT.time))

    assert due(taken, "fetching") == []
    assert due(taken, "confirmation") == due(clock(RECEIVED_EVENT, ROUTED_EVENT), "confirmation")


def test_the_next_authority_has_to_fetch_it_anew() -> None:
    onward = at_day(2, event(SubmissionRouted(receipt=FICTION, authority=_WETZLAR)))
    handed_on = clock(RECEIVED_EVENT, ROUTED_EVENT, fetched(since=ROUTED_EVENT.time), onward)

    assert [step for step, _ in due(handed_on, "fetching")] == [1, 2, 3]


def test_the_receipt_of_a_trade_notice_is_overdue_the_day_after_its_three_days() -> None:
    found = clock(event(SubmissionRouted(receipt=TRADE, authority=GIESSEN)))
    assert due(found, "confirmation") == [(1, berlin(2026, 1, 20, 6))]  # ends Sunday, so Monday, 19 January


def test_a_closed_case_has_no_timers() -> None:
    assert timers(clock(*ALL), LAW) == ()


def test_a_service_without_a_profile_still_has_its_steps_watched() -> None:
    unknown = FICTION.model_copy(update={"service": "99999999999999"})
    found = clock(event(SubmissionRouted(receipt=unknown, authority=GIESSEN)))
    assert {timer.kind for timer in timers(found, LAW)} == {"fetching"}


def test_a_case_that_comes_late_is_warned_about_once() -> None:
    found = clock(ROUTED_EVENT)
    left = pending(timers(found, LAW), now=berlin(2026, 4, 3, 12))
    assert [timer.step for timer in left if timer.kind == "ending"] == [7, 2]
    assert [timer.step for timer in left if timer.kind == "fetching"] == [3]


def test_a_timer_of_a_step_that_was_taken_meanwhile_says_nothing() -> None:
    before = clock(RECEIVED_EVENT)
    timer, _ = timers(before, LAW)
    assert struck(timer, before.after(ROUTED_EVENT), LAW) is None


def test_a_timer_read_in_another_zone_is_the_same() -> None:
    found = clock(ROUTED_EVENT)
    ending = next(timer for timer in timers(found, LAW) if timer.kind == "ending")
    said = struck(replace(ending, due_at=ending.due_at.astimezone(UTC)), found, LAW)
    assert isinstance(said, PeriodEnding)
    assert said.days_left == 30


@given(st.permutations(ALL), st.lists(st.sampled_from(ALL), max_size=5))
def test_the_order_in_which_topics_are_read_changes_no_timer(
    order: list[Event[Payload]], again: list[Event[Payload]]
) -> None:
    assert timers(clock(*order, *again), LAW) == timers(clock(*ALL), LAW) == ()


@given(st.permutations((RECEIVED_EVENT, PARKED_EVENT, ROUTED_EVENT)))
def test_a_case_that_was_parked_and_then_routed_is_watched_as_routed(order: list[Event[Payload]]) -> None:
    assert timers(clock(*order), LAW) == timers(clock(ROUTED_EVENT), LAW)


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_ids_do_not_depend_on_the_clock(hours: int) -> None:
    later = replace(ROUTED_EVENT, time=RECEIVED + timedelta(hours=hours))
    assert [timer.id for timer in timers(clock(later), LAW)] == [
        timer.id for timer in timers(clock(ROUTED_EVENT), LAW)
    ]


def test_while_documents_are_missing_no_period_runs_and_nobody_is_warned() -> None:
    """§ 42a Abs. 2 Satz 2 VwVfG: the period begins with complete documents; nothing ends in silence before."""
    before = clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT)
    ended = next(timer for timer in timers(before, LAW) if timer.kind == "ended")
    found = before.after(asked(day=2))
    assert not {timer.kind for timer in timers(found, LAW)} & {"ending", "ended"}
    assert struck(ended, found, LAW) is None


def test_a_period_that_begins_with_the_receipt_runs_on_while_something_is_missing() -> None:
    missing = event(InformationRequested(receipt=TRADE, authority=GIESSEN, items=1, requested_at=RECEIVED))
    routed = event(SubmissionRouted(receipt=TRADE, authority=GIESSEN))
    assert "ended" in {timer.kind for timer in timers(clock(routed, missing), LAW)}


def test_a_period_counts_from_the_day_on_which_the_documents_were_complete() -> None:
    """The golden example: supplements on Tuesday, 10 March 2026 end the period on Monday, 15 June."""
    found = clock(RECEIVED_EVENT, ROUTED_EVENT, asked(day=2), supplied(day=57))
    assert due(found, "ended") == [(1, berlin(2026, 6, 16, 0))]


def test_asked_again_the_period_waits_again_and_counts_from_the_last_supplement() -> None:
    again = (ROUTED_EVENT, asked(day=2), supplied(day=5), asked(day=20))
    assert due(clock(*again), "ended") == []
    assert due(clock(*again, supplied(day=57)), "ended") == [(1, berlin(2026, 6, 16, 0))]


def test_what_nobody_has_asked_for_leaves_the_period_as_it_is() -> None:
    before = clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT)
    assert timers(before.after(supplied(day=57, requested=False)), LAW) == timers(before, LAW)


def test_an_extension_of_a_period_that_does_not_run_moves_nothing() -> None:
    """Nobody is told of it, since there is no end that it could name."""
    waiting = (ROUTED_EVENT, asked(day=2), at_day(3, extended(1, RECEIVED)))
    supplied_at_last = clock(*waiting, supplied(day=57))
    assert due(supplied_at_last, "ended") == [(1, berlin(2026, 6, 16, 0))]
    running = clock(ROUTED_EVENT, asked(day=2), supplied(day=57), at_day(58, extended(1, RECEIVED)))
    assert due(running, "ended") == [(1, berlin(2026, 7, 16, 0))]


def test_a_case_that_is_withdrawn_has_no_timers() -> None:
    withdrawn = event(CaseWithdrawn(receipt=FICTION, authority=GIESSEN, withdrawn_at=RECEIVED))
    assert timers(clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT, withdrawn), LAW) == ()


def test_a_case_that_is_handed_on_is_watched_anew_with_the_next_authority() -> None:
    onward = at_day(9, event(SubmissionRouted(receipt=FICTION, authority=_WETZLAR)))
    found = clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT, onward)
    assert found.authority == _WETZLAR
    assert due(found, "fetching") == [
        (1, berlin(2026, 1, 24, 6)),
        (2, berlin(2026, 1, 31, 6)),
        (3, berlin(2026, 2, 3, 6)),
    ]
    assert due(found, "confirmation") == [(1, berlin(2026, 1, 29, 6))]
    assert due(found, "ended") == due(clock(ROUTED_EVENT), "ended")


def test_a_period_ends_also_where_no_authority_has_the_case() -> None:
    """§ 71b Abs. 2 VwVfG: what lies at the clearing desk counts as received by the authority all the same."""
    parked = at_day(9, PARKED_EVENT)
    for found in (clock(RECEIVED_EVENT), clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT, parked)):
        assert due(found, "ending") == []
        (ended,) = [timer for timer in timers(found, LAW) if timer.kind == "ended"]
        said = struck(ended, found, LAW)
        assert isinstance(said, PeriodEnded)
        assert (said.authority, said.period_ended_on) == (None, date(2026, 4, 15))


@st.composite
def stories(draw: st.DrawFn) -> list[Event[Payload]]:
    """A case's events, a day apart: the router tells of them in this order, topics are read in any."""
    happened: list[Event[Payload]] = [RECEIVED_EVENT]
    for day in range(1, draw(st.integers(1, 12))):
        told = draw(
            st.sampled_from(
                (
                    PARKED_EVENT,
                    ROUTED_EVENT,
                    event(SubmissionRouted(receipt=FICTION, authority=_WETZLAR)),
                    ACCEPTED_EVENT,
                    fetched(since=RECEIVED + timedelta(days=draw(st.integers(0, day)))),
                    asked(day=day),
                    supplied(day=day),
                    supplied(day=day, requested=False),
                    extended(1, RECEIVED + timedelta(days=day)),
                )
            )
        )
        happened.append(at_day(day, told))
    return happened


@given(stories(), st.data())
def test_timers_do_not_depend_on_the_order_of_reading_or_on_repetitions(
    happened: list[Event[Payload]], data: st.DataObject
) -> None:
    read = data.draw(st.permutations(happened)) + data.draw(st.lists(st.sampled_from(happened), max_size=5))
    assert timers(clock(*read), LAW) == timers(clock(*happened), LAW)


@given(stories())
def test_timers_set_event_by_event_are_those_of_the_whole_story(happened: list[Event[Payload]]) -> None:
    """What a new period needs is set under ids of its own: what has struck for an earlier one hinders nothing."""
    ends = [due(clock(*happened[:count]), "ended") for count in range(1, len(happened) + 1)]
    ids = [
        {timer.id for timer in timers(clock(*happened[:count]), LAW) if timer.kind == "ended"}
        for count in range(1, len(happened) + 1)
    ]
    assert all((ends[one] == ends[two]) == (ids[one] == ids[two]) for one, two in pairwise(range(len(ends))))


@given(
    received=st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    waits=st.none() | st.tuples(st.integers(1, 40), st.integers(0, 60)),
    extended_by=st.sampled_from((0, 1, 2)),
)
def test_the_clock_agrees_with_the_command_and_with_the_answer_over_http(
    received: date, waits: tuple[int, int] | None, extended_by: int
) -> None:
    receipt = FICTION.model_copy(update={"received_at": datetime.combine(received, time(12), UTC)})
    story: list[Event[Payload]] = [event(SubmissionRouted(receipt=receipt, authority=GIESSEN))]
    fields: dict[str, object] = {"service": FICTION.service, "receivedAt": received.isoformat()}
    last = 0
    if waits is not None:
        last = sum(waits) + 1
        completed = receipt.received_at + timedelta(days=sum(waits))
        story += [asked(day=waits[0]), at_day(last, supplied_at(completed))]
        fields["supplementsReceivedAt"] = [completed.date().isoformat()]
    if extended_by:
        longer = receipt.received_at + timedelta(days=last + 1)
        story.append(at_day(last + 1, extended(extended_by, longer)))
        fields["extendedByMonths"] = extended_by
    found = compute(read_deadline_inquiry(fields), LAW)
    told = replace(clock(*story), receipt=receipt)
    (ended,) = [timer for timer in timers(told, LAW) if timer.kind == "ended"]
    assert ended.subject == found.period_ends


def test_a_case_that_is_deemed_approved_has_no_timers() -> None:
    over = CaseDeemedApproved(
        receipt=FICTION,
        authority=GIESSEN,
        deemed="approval",
        profile="three-months-deemed-approval",
        period_ended_on=date(2026, 4, 15),
        fiction_from=date(2026, 4, 16),
        answers_read_to=RECEIVED,
    )
    assert timers(clock(RECEIVED_EVENT, ROUTED_EVENT, ACCEPTED_EVENT, event(over)), LAW) == ()


def test_an_extension_counts_from_the_old_end() -> None:
    """The golden example: 15 April 2026, extended by one month, is Friday, 15 May 2026."""
    found = clock(RECEIVED_EVENT, ROUTED_EVENT, extended(1, berlin(2026, 4, 15, 12)))
    (ended,) = [timer for timer in timers(found, LAW) if timer.kind == "ended"]
    assert ended.due_at == berlin(2026, 5, 16, 0)

"""A period's end at the router: warned, waited for, and concluded from silence only when all answers have been read."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from shared.engine import InputsRead
from shared.events import ids
from shared.events.case import (
    AnswerGiven,
    AnswerRefused,
    CaseAnswered,
    CaseDeemedApproved,
    DeemedApprovalCertified,
    FileUnreadable,
    PeriodExtended,
    SilenceDoubted,
)
from shared.events.clock import ExtensionIneffective, PeriodEnded, PeriodEnding
from shared.events.custody import CaseHeld
from shared.events.envelope import Event
from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.events.payload import Payload
from shared.events.submission import SubmissionDelivered
from shared.events.suspension import SuspensionTimes
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, CASE_CLOCK, CASE_UPDATED
from tests.support.events import GIESSEN, PERIOD_ENDED, RECEIPT
from tests.support.routing import RouterInMemory, about, event_of, submission

GRACE_OVER = datetime(2026, 4, 16, 22, tzinfo=UTC)
CASE = submission()
INBOX = AUTHORITY_INBOX.for_authority(GIESSEN)


@pytest.fixture
def router(tmp_path: Path) -> RouterInMemory:
    router = RouterInMemory(tmp_path)
    router.take(CASE)
    return router


def answered(kind: str, number: int = 1) -> Event[CaseAnswered]:
    outcome = "refused" if kind == "decided" else None
    stated = AnswerGiven.model_validate({"kind": kind, "outcome": outcome, "given_at": CASE.time})
    data = CaseAnswered(authority=GIESSEN, own_id=f"{kind}-{number}", answer=stated)
    return about(CASE.submission_id, data, event_id=ids.answer_id(GIESSEN, f"{kind}-{number}"))


def extended(number: int) -> Event[CaseAnswered]:
    stated = AnswerGiven(kind="extended", months=1, given_at=CASE.time)
    data = CaseAnswered(authority=GIESSEN, own_id=f"extended-{number}", answer=stated)
    return about(CASE.submission_id, data, event_id=ids.answer_id(GIESSEN, f"extended-{number}"))


def clock(data: Payload) -> Event[Payload]:
    return about(CASE.submission_id, data, event_id=uuid5(CASE.case_id, type(data).__name__))


ENDED = PERIOD_ENDED
ENDING = PeriodEnding(
    receipt=RECEIPT,
    authority=GIESSEN,
    days_left=7,
    last_safe_dispatch=date(2026, 4, 11),
    earliest_reading=date(2026, 4, 8),
    period_ends=date(2026, 4, 15),
)


def sweep(
    router: RouterInMemory, *, now: datetime, read_to: datetime | None, blocked: bool = False
) -> list[Event[Payload]]:
    router.now = now
    reading = InputsRead(until=read_to, blocked=lambda _: blocked)
    return router.keep(router.routing().punctuate([*router.state.kept], router.state, reading))


def held(router: RouterInMemory) -> CaseHeld:
    return CaseHeld.from_json(router.state.kept[str(CASE.case_id)])


def in_the_inbox(router: RouterInMemory) -> list[type[Payload]]:
    return [type(event_of(message).data) for message in router.out if message.topic == INBOX]


def test_a_confirmed_case_is_deemed_approved_once_after_silence(router: RouterInMemory) -> None:
    router.take(answered("accepted"), CASE_ANSWERED.name)
    router.take(clock(ENDED), CASE_CLOCK.name)
    assert sweep(router, now=GRACE_OVER - timedelta(seconds=1), read_to=GRACE_OVER) == []
    assert sweep(router, now=GRACE_OVER, read_to=GRACE_OVER - timedelta(seconds=1)) == []
    assert sweep(router, now=GRACE_OVER, read_to=None) == []
    told = sweep(router, now=GRACE_OVER, read_to=GRACE_OVER)
    assert [type(event.data) for event in told] == [CaseDeemedApproved, CaseDeemedApproved]
    assert {event.id for event in told} == {told[0].id}
    assert {m.topic for m in router.out[-3:-1]} == {CASE_UPDATED.name, INBOX}
    assert held(router).standing == "deemed-approved"
    assert router.state.shelf == {}
    assert sweep(router, now=GRACE_OVER, read_to=GRACE_OVER) == []


def test_a_decision_that_is_read_within_the_grace_is_never_overtaken(router: RouterInMemory) -> None:
    router.take(answered("accepted"), CASE_ANSWERED.name)
    router.take(clock(ENDED), CASE_CLOCK.name)
    assert sweep(router, now=GRACE_OVER, read_to=GRACE_OVER - timedelta(minutes=1)) == []
    router.take(answered("decided"), CASE_ANSWERED.name)
    assert sweep(router, now=GRACE_OVER + timedelta(hours=1), read_to=GRACE_OVER) == []
    assert held(router).standing == "decided"


def test_an_answer_after_a_deemed_approval_is_refused_with_that_reason(router: RouterInMemory) -> None:
    router.take(answered("accepted"), CASE_ANSWERED.name)
    router.take(clock(ENDED), CASE_CLOCK.name)
    sweep(router, now=GRACE_OVER, read_to=GRACE_OVER)
    refused, _ = router.take(answered("decided"), CASE_ANSWERED.name)
    assert isinstance(refused.data, AnswerRefused)
    assert refused.data.reason == "already-deemed-approved"


def test_a_deemed_approval_is_certified_on_request_and_nothing_else_is(router: RouterInMemory) -> None:
    refused, _ = router.take(answered("certified", 1), CASE_ANSWERED.name)
    assert isinstance(refused.data, AnswerRefused)
    assert refused.data.reason == "not-deemed-approved"
    router.take(answered("accepted"), CASE_ANSWERED.name)
    router.take(clock(ENDED), CASE_CLOCK.name)
    sweep(router, now=GRACE_OVER, read_to=GRACE_OVER)
    (certified,) = router.take(answered("certified", 2), CASE_ANSWERED.name)
    assert isinstance(certified.data, DeemedApprovalCertified)
    assert certified.data.fiction_from == date(2026, 4, 16)
    assert held(router).standing == "deemed-approved"


def test_a_period_is_extended_once_and_the_extension_accepts_the_case(router: RouterInMemory) -> None:
    (first,) = router.take(extended(1), CASE_ANSWERED.name)
    assert isinstance(first.data, PeriodExtended)
    assert held(router).standing == "accepted"
    second, _ = router.take(extended(2), CASE_ANSWERED.name)
    assert isinstance(second.data, AnswerRefused)
    assert second.data.reason == "already-extended"


def test_an_ineffective_extension_is_reported_and_does_not_use_up_the_allowed_one(
    router: RouterInMemory,
) -> None:
    router.take(extended(1), CASE_ANSWERED.name)
    in_vain = ExtensionIneffective(
        receipt=RECEIPT, authority=GIESSEN, months=1, reason="too-long", extended_at=CASE.time
    )
    router.take(clock(in_vain), CASE_CLOCK.name)
    assert in_the_inbox(router)[-1] is ExtensionIneffective
    second, *_ = router.take(extended(2), CASE_ANSWERED.name)
    assert isinstance(second.data, PeriodExtended)
    third, _ = router.take(extended(3), CASE_ANSWERED.name)
    assert isinstance(third.data, AnswerRefused)


@pytest.mark.parametrize("first", ["the extension", "the end"])
@pytest.mark.parametrize("in_vain", [False, True])
def test_nothing_is_concluded_from_an_end_that_an_extension_on_its_last_day_may_have_moved(
    router: RouterInMemory, *, first: str, in_vain: bool
) -> None:
    """The clock strikes at midnight; what a door accepted before that may reach it later, however late."""
    router.take(answered("accepted"), CASE_ANSWERED.name)
    both = [(extended(1), CASE_ANSWERED.name), (clock(ENDED), CASE_CLOCK.name)]
    for told, topic in both if first == "the extension" else reversed(both):
        router.take(told, topic)
    later = GRACE_OVER + timedelta(days=60)
    assert sweep(router, now=later, read_to=later) == []
    moved = ENDED.model_copy(update={"extended": True, "fiction_from": date(2026, 5, 16)})
    vain = ExtensionIneffective(
        receipt=RECEIPT, authority=GIESSEN, months=1, reason="too-late", extended_at=CASE.time
    )
    said = replace(clock(vain if in_vain else moved), id=uuid5(CASE.case_id, "what the clock says next"))
    router.take(said, CASE_CLOCK.name)
    approved, _ = sweep(router, now=later, read_to=later)
    assert isinstance(approved.data, CaseDeemedApproved)
    assert approved.data.fiction_from == date(2026, 4 if in_vain else 5, 16)


def test_a_period_that_a_holiday_added_late_moved_is_concluded_by_the_new_end_only(
    router: RouterInMemory,
) -> None:
    """The clock had struck; then it says that the period runs on, and strikes once more."""
    router.take(answered("accepted"), CASE_ANSWERED.name)
    router.take(clock(ENDED), CASE_CLOCK.name)
    router.take(clock(ENDING), CASE_CLOCK.name)  # of the end that was said
    assert held(router).period is not None
    runs_on = ENDING.model_copy(update={"period_ends": date(2026, 4, 16)})
    router.take(replace(clock(runs_on), id=uuid5(CASE.case_id, "runs on")), CASE_CLOCK.name)
    later = GRACE_OVER + timedelta(days=60)
    assert sweep(router, now=later, read_to=later) == []
    moved = ENDED.model_copy(update={"period_ended_on": date(2026, 4, 16), "fiction_from": date(2026, 4, 17)})
    router.take(replace(clock(moved), id=uuid5(CASE.case_id, "ends once more")), CASE_CLOCK.name)
    approved, _ = sweep(router, now=later, read_to=later)
    assert isinstance(approved.data, CaseDeemedApproved)
    assert approved.data.fiction_from == date(2026, 4, 17)


def test_the_periods_of_an_authority_without_an_inbox_end_too(
    router: RouterInMemory,
) -> None:
    """What cannot be told must not keep the rest from happening, nor become a dead letter."""
    router.take(answered("accepted"), CASE_ANSWERED.name)
    router.reachable = ()
    router.out.clear()
    router.take(clock(ENDING), CASE_CLOCK.name)
    router.take(clock(ENDED), CASE_CLOCK.name)
    told = sweep(router, now=GRACE_OVER, read_to=GRACE_OVER)
    assert [type(event.data) for event in told] == [CaseDeemedApproved]
    assert held(router).standing == "deemed-approved"
    assert in_the_inbox(router) == []


def test_an_unreadable_file_is_reported_and_the_case_keeps_its_holder(router: RouterInMemory) -> None:
    (told,) = router.take(answered("unreadable"), CASE_ANSWERED.name)
    assert isinstance(told.data, FileUnreadable)
    assert held(router).standing == "routed"


def test_an_unconfirmed_case_goes_to_a_person_and_is_not_deemed_approved(
    router: RouterInMemory,
) -> None:
    router.take(clock(ENDED), CASE_CLOCK.name)
    (told,) = sweep(router, now=GRACE_OVER, read_to=GRACE_OVER)
    assert isinstance(told.data, SilenceDoubted)
    assert told.data.reason == "unconfirmed"
    assert CaseDeemedApproved not in in_the_inbox(router)
    assert sweep(router, now=GRACE_OVER + timedelta(days=9), read_to=GRACE_OVER) == []
    assert held(router).standing == "routed"


@pytest.mark.parametrize(
    ("suspended_on", "resumed_on", "told"),
    [
        (date(2026, 2, 2), date(2026, 3, 31), CaseDeemedApproved),
        (date(2026, 2, 2), date(2026, 4, 2), SilenceDoubted),
        (date(2026, 2, 2), None, SilenceDoubted),
        (date(2026, 4, 16), date(2026, 4, 16), SilenceDoubted),
        (date(2026, 4, 18), None, CaseDeemedApproved),
    ],
)
def test_an_authority_suspended_in_its_last_days_was_not_silent(
    router: RouterInMemory, suspended_on: date, resumed_on: date | None, told: type[Payload]
) -> None:
    router.take(answered("accepted"), CASE_ANSWERED.name)
    router.take(clock(ENDED), CASE_CLOCK.name)
    router.suspensions.times = suspensions(suspended_on, resumed_on)
    found = sweep(router, now=GRACE_OVER + timedelta(days=3), read_to=GRACE_OVER)
    assert {type(event.data) for event in found} == {told}
    assert [e.data.reason for e in found if isinstance(e.data, SilenceDoubted)] in ([], ["suspended"])
    assert (CaseDeemedApproved in in_the_inbox(router)) == (told is CaseDeemedApproved)


def test_nothing_is_concluded_while_the_suspensions_are_unknown(router: RouterInMemory) -> None:
    router.take(answered("accepted"), CASE_ANSWERED.name)
    router.take(clock(ENDED), CASE_CLOCK.name)
    router.suspensions.away = True
    assert sweep(router, now=GRACE_OVER, read_to=GRACE_OVER) == []
    router.suspensions.away = False
    assert sweep(router, now=GRACE_OVER, read_to=GRACE_OVER)


def suspensions(suspended_on: date, resumed_on: date | None) -> SuspensionTimes:
    noon = time(12, tzinfo=UTC)
    shut_out = SuspendOrdered(authority=GIESSEN, principal="operator")
    known = SuspensionTimes().after(shut_out, at=datetime.combine(suspended_on, noon))
    if resumed_on is None:
        return known
    let_in = ResumeOrdered(authority=GIESSEN, principal="operator")
    return known.after(let_in, at=datetime.combine(resumed_on, noon))


def test_an_answer_in_a_dead_letter_does_not_count_as_silence(router: RouterInMemory) -> None:
    router.take(answered("accepted"), CASE_ANSWERED.name)
    router.take(clock(ENDED), CASE_CLOCK.name)
    (told,) = sweep(router, now=GRACE_OVER, read_to=GRACE_OVER, blocked=True)
    assert isinstance(told.data, SilenceDoubted)
    assert told.data.reason == "unread-answer"


def test_warnings_reach_the_inbox_of_the_authority_that_holds_the_case_once(router: RouterInMemory) -> None:
    for _ in range(2):
        router.take(clock(ENDING), CASE_CLOCK.name)
        router.take(clock(ENDED), CASE_CLOCK.name)
    assert in_the_inbox(router) == [SubmissionDelivered, PeriodEnding, PeriodEnded]


def test_a_warning_does_not_reach_an_authority_that_has_handed_the_case_on(
    router: RouterInMemory,
) -> None:
    elsewhere = ENDING.model_copy(update={"authority": "g-06534014"})
    assert router.take(clock(elsewhere), CASE_CLOCK.name) == []


def test_time_that_passes_for_an_unknown_or_closed_case_changes_nothing(router: RouterInMemory) -> None:
    stranger = replace(clock(ENDED), case_id=UUID(int=5))
    assert router.take(stranger, CASE_CLOCK.name) == []
    router.take(answered("decided"), CASE_ANSWERED.name)
    assert router.take(clock(ENDED), CASE_CLOCK.name) == []

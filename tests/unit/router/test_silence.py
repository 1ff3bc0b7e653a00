"""Silence is an approval only where it is certain that it was silence."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.cases.desk import REASONS_DE, oldest_first
from services.router.domain.cases.silence import AnswersRead, last_days, period_over, silence
from shared.events.case import CaseDeemedApproved, SilenceDoubted
from shared.events.clock import PeriodEnded
from shared.events.custody import CaseHeld, CustodyState, PeriodOver
from shared.local_time import CIVIL_TIME
from tests.support.events import CASE_ID, GIESSEN, PERIOD_ENDED, RECEIPT, RECEIVED_AT, SUBMISSION_ID

ENDED = PERIOD_ENDED
GRACE_OVER = datetime(2026, 4, 17, 0, tzinfo=CIVIL_TIME)
LATER = GRACE_OVER + timedelta(seconds=1)
INSTANTS = st.integers(-14 * 24 * 60, 14 * 24 * 60).map(
    lambda minutes: GRACE_OVER + timedelta(minutes=minutes)
)
HEARD = AnswersRead(answers_read_to=GRACE_OVER, unread=False, suspended=False, suspensions_read_to=GRACE_OVER)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A case of which everything is as it must be for silence to count, but for what is said here."""

    standing: CustodyState = "accepted"
    authority: str | None = GIESSEN
    handed_on_by: tuple[str, ...] = ()
    ended: PeriodEnded = ENDED

    def custody(self) -> CaseHeld:
        return CaseHeld(
            submission_id=SUBMISSION_ID,
            receipt=RECEIPT,
            standing=self.standing,
            since=RECEIVED_AT,
            authority=self.authority,
            handed_on_by=self.handed_on_by,
            period=period_over(self.ended),
        )


def concluded(
    situation: Situation | None = None, *, heard: AnswersRead = HEARD, now: datetime = LATER
) -> CaseDeemedApproved | SilenceDoubted | str | None:
    return silence((situation or Situation()).custody(), heard, now=now)


def test_certain_silence_is_an_approval_from_the_day_after_the_end() -> None:
    told = concluded()
    assert isinstance(told, CaseDeemedApproved)
    assert (told.authority, told.fiction_from, told.answers_read_to) == (
        GIESSEN,
        date(2026, 4, 16),
        GRACE_OVER,
    )


@pytest.mark.parametrize(
    ("situation", "heard", "reason"),
    [
        (Situation(standing="routed"), HEARD, "unconfirmed"),
        (Situation(standing="information-requested"), HEARD, "incomplete"),
        (Situation(handed_on_by=("g-06534014",)), HEARD, "forwarded"),
        (Situation(authority="g-06534014"), HEARD, "forwarded"),
        (Situation(standing="parked", authority=None), HEARD, "parked"),
        (Situation(), replace(HEARD, unread=True), "unread-answer"),
        (Situation(), replace(HEARD, suspended=True), "suspended"),
        (Situation(standing="routed"), replace(HEARD, suspended=True), "suspended"),
        (Situation(ended=ENDED.model_copy(update={"certain": False})), HEARD, "not-every-case-covered"),
    ],
)
def test_where_it_cannot_be_shown_a_person_looks_into_it(
    situation: Situation, heard: AnswersRead, reason: str
) -> None:
    told = concluded(situation, heard=heard)
    assert isinstance(told, SilenceDoubted)
    assert told.reason == reason


@pytest.mark.parametrize("standing", ["decided", "deemed-approved", "erased"])
def test_nothing_follows_for_a_case_that_is_over(standing: CustodyState) -> None:
    assert concluded(Situation(standing=standing)) is None


def test_a_doubt_is_reported_once() -> None:
    custody = Situation(standing="routed").custody()
    assert custody.period is not None
    doubted = custody.model_copy(
        update={"period": custody.period.model_copy(update={"doubt": "unconfirmed"})}
    )
    assert silence(doubted, HEARD, now=LATER) is None


def test_nothing_follows_from_a_period_whose_end_means_nothing() -> None:
    assert period_over(ENDED.model_copy(update={"deemed": "none", "fiction_from": None})) is None


@given(
    now=INSTANTS,
    read_to=st.none() | INSTANTS,
    orders_read_to=st.none() | INSTANTS,
    standing=st.sampled_from(["parked", "routed", "accepted", "information-requested"]),
)
def test_nothing_is_concluded_within_the_grace_or_before_answers_and_orders_are_read_to_an_end_after_it(
    now: datetime, read_to: datetime | None, orders_read_to: datetime | None, standing: CustodyState
) -> None:
    heard = replace(HEARD, answers_read_to=read_to, suspensions_read_to=orders_read_to)
    told = concluded(Situation(standing=standing), heard=heard, now=now)
    certain = all(at is not None and at >= GRACE_OVER for at in (now, read_to, orders_read_to))
    assert (told != "wait") == certain


def test_a_later_period_replaces_an_earlier_one_and_its_doubt() -> None:
    later = period_over(ENDED.model_copy(update={"grace_until": date(2026, 5, 18)}))
    assert isinstance(later, PeriodOver)
    assert later.doubt is None


def test_a_doubted_case_is_at_the_desk_until_it_is_over() -> None:
    custody = Situation().custody()
    assert custody.period is not None
    doubted = custody.model_copy(
        update={"period": custody.period.model_copy(update={"doubt": "not-every-case-covered"})}
    )
    (waiting,) = oldest_first({CASE_ID: doubted}, now=LATER)
    assert waiting.reason == "silence-not-every-case-covered"
    assert waiting.reason in REASONS_DE
    assert oldest_first({CASE_ID: doubted.model_copy(update={"standing": "decided"})}, now=LATER) == []


def test_an_authority_decides_late_in_the_fortnight_before_the_end_and_in_the_grace() -> None:
    period = period_over(ENDED)
    assert period is not None
    assert last_days(period) == (datetime(2026, 4, 1, tzinfo=CIVIL_TIME), GRACE_OVER)

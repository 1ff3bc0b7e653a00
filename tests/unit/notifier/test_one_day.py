"""Each day of a period is the same wherever one case shows it: command, inbox, lists, conclusion, mails."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.clock import CaseClock, struck, timers
from services.notifier.domain.deadlines.compute import compute
from services.notifier.domain.deadlines.explain import short
from services.notifier.domain.deadlines.inquiry import read_deadline_inquiry
from services.notifier.domain.message import ApplicantMessage
from services.router.domain.cases.due import Due, due_by, graver, periods
from services.router.domain.cases.silence import AnswersRead, period_over, silence
from shared.events.case import CaseAccepted, CaseDeemedApproved, PeriodExtended
from shared.events.clock import PeriodEnded, PeriodEnding
from shared.events.custody import CaseHeld
from shared.events.envelope import Event
from shared.events.notification import MessageKind
from shared.events.payload import Payload
from shared.events.submission import Receipt, SubmissionRouted
from shared.local_time import letter_day
from tests.support.events import CASE_ID, GIESSEN, RECEIPT, SUBMISSION_ID
from tests.support.law import hessian_law
from tests.support.mails import ITINERANT_TRADE, NAMES, WRITER, message

LAW = hessian_law()
RECEIVED_AT = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    st.dates(date(2025, 1, 2), date(2040, 1, 1)),
    st.sampled_from((0, 12 * 60, 22 * 60 + 30, 23 * 60 + 30)),  # half past ten is the next day in summer only
)


@settings(max_examples=60)
@given(RECEIVED_AT, st.integers(0, 3))
def test_every_place_shows_the_same_days(received_at: datetime, months: int) -> None:
    receipt = RECEIPT.model_copy(update={"service": ITINERANT_TRADE, "received_at": received_at})
    fields = {
        "service": ITINERANT_TRADE,
        "receivedAt": received_at.isoformat(),
        "extendedByMonths": months or None,
    }
    found = compute(read_deadline_inquiry(fields), LAW)
    command = short(found)
    case = _clock(receipt, months)
    said = [struck(timer, case, LAW) for timer in timers(case, LAW)]
    warned = [each for each in said if isinstance(each, PeriodEnding)]
    (ended,) = [each for each in said if isinstance(each, PeriodEnded)]
    assert {str(each.last_safe_dispatch) for each in warned} == {command["lastSafeDispatch"]}
    assert {str(day) for day in (*(each.period_ends for each in warned), ended.period_ended_on)} == {
        command["periodEnds"]
    }
    assert _decide_by(warned) == command["lastSafeDispatch"]
    assert _over_since(warned, ended) == command["periodEnds"]
    approved = _concluded(receipt, ended)
    assert str(approved.period_ended_on) == command["periodEnds"]
    assert str(approved.fiction_from) == str(ended.fiction_from) == command["fictionFrom"]
    assert found.period_ends is not None
    assert found.fiction_from is not None
    facts = case.progress.written()
    ends, fiction = letter_day(found.period_ends), letter_day(found.fiction_from)
    first = _mail("acknowledgement", receipt, facts)
    assert ends in first
    assert fiction in first
    if months:
        assert ends in _mail("extension", receipt, facts)
    concluded = {"fictionFrom": approved.fiction_from.isoformat()}
    assert fiction in _mail("deemed-approval", receipt, concluded)
    assert fiction in _mail("certificate", receipt, concluded)


def _clock(receipt: Receipt, months: int) -> CaseClock:
    at = receipt.received_at
    told: list[Payload] = [
        SubmissionRouted(receipt=receipt, authority=GIESSEN),
        CaseAccepted(receipt=receipt, authority=GIESSEN, accepted_at=at),
    ]
    if months:
        told.append(PeriodExtended(receipt=receipt, authority=GIESSEN, months=months, extended_at=at))
    clock = CaseClock(case_id=CASE_ID)
    for seconds, data in enumerate(told):
        clock = clock.after(
            Event(
                id=UUID(int=seconds),
                source="tests",
                time=at + timedelta(seconds=seconds),
                case_id=CASE_ID,
                submission_id=SUBMISSION_ID,
                data=data,
            )
        )
    return clock


def _decide_by(warned: list[PeriodEnding]) -> str:
    """As the inbox's status says it, from what it has heard before the end."""
    found = periods([CASE_ID], {CASE_ID: _heard(warned)}.get)
    return str(found.decide_by)


def _over_since(warned: list[PeriodEnding], ended: PeriodEnded) -> str:
    """As the lists of the console and of the clerk's page say it."""
    heard = _heard([*warned, ended])
    assert heard.kind == "period-over"
    return str(heard.on)


def _heard(told: Sequence[Payload]) -> Due:
    known: Due | None = None
    for each in told:
        found = due_by(each)
        assert found is not None
        known = graver(known, found)
    assert known is not None
    return known


def _concluded(receipt: Receipt, ended: PeriodEnded) -> CaseDeemedApproved:
    over = period_over(ended)
    assert over is not None
    later = datetime(2100, 1, 1, tzinfo=UTC)
    heard = AnswersRead(answers_read_to=later, unread=False, suspended=False, suspensions_read_to=later)
    held = CaseHeld(
        submission_id=SUBMISSION_ID, receipt=receipt, standing="accepted", authority=GIESSEN,
        since=receipt.received_at, period=over,
    )  # fmt: skip
    told = silence(held, heard, now=later)
    assert isinstance(told, CaseDeemedApproved)
    return told


def _mail(kind: MessageKind, receipt: Receipt, facts: dict[str, str]) -> str:
    written: ApplicantMessage = replace(
        message(kind), received_at=receipt.received_at, service=receipt.service, facts=facts
    )
    return " ".join(WRITER.write(written, NAMES).text.split())

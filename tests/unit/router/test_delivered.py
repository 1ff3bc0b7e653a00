"""Custody keeps when something about the case was put into its holder's inbox: the page looks there, and nowhere else."""

from datetime import datetime, timedelta
from uuid import uuid5

from services.router.domain.cases import custody as c
from services.router.domain.cases.supplements import supplement
from shared.events import ids
from shared.events.case import AnswerGiven, CaseAnswered
from shared.events.custody import CaseHeld
from shared.events.submission import SubmissionReceived
from shared.events.supplement import SupplementReceived
from tests.support.events import CASE_ID, GIESSEN, RECEIPT, RECEIVED_AT, ROUTED, event, sealed

MARBURG = "g-06534014"


def at(hours: int) -> datetime:
    return RECEIVED_AT + timedelta(hours=hours)


def opened(placement: c.Placement) -> CaseHeld:
    return kept(c.receive(event(SubmissionReceived(receipt=RECEIPT, content=sealed())), placement, now=at(0)))


def kept(step: c.CustodyChange) -> CaseHeld:
    assert step.custody is not None
    return step.custody


def supplied(custody: CaseHeld, *, hours: int) -> CaseHeld:
    told = event(
        SupplementReceived(receipt=RECEIPT, content=sealed()), event_id=uuid5(CASE_ID, f"more {hours}")
    )
    return kept(supplement(custody, told, now=at(hours)))


def test_the_case_and_each_supplement_were_put_there_at_their_instants() -> None:
    custody = supplied(supplied(opened(c.Routed(authority=GIESSEN, decision=ROUTED)), hours=1), hours=2)

    assert custody.delivered == (at(0), at(1), at(2))


def test_the_next_holder_gets_the_whole_case_at_once() -> None:
    custody = supplied(opened(c.Routed(authority=GIESSEN, decision=ROUTED)), hours=1)
    given = AnswerGiven(kind="forwarded", reason="wrong-place", forward_to=MARBURG, given_at=at(2))
    answer = event(
        CaseAnswered(authority=GIESSEN, own_id="f", answer=given), event_id=ids.answer_id(GIESSEN, "f")
    )
    handed_on = kept(c.hand_on(custody, answer, c.Routed(authority=MARBURG, decision=ROUTED), now=at(3)))

    assert handed_on.delivered == (at(3),)


def test_a_case_without_a_holder_is_in_no_inbox() -> None:
    assert supplied(opened(c.Parked(reason="unknown-place")), hours=1).delivered == ()

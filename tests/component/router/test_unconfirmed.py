"""A routed case that nobody has confirmed for 20 days: it can be delivered again or assigned elsewhere by a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid5

import pytest

from services.router.domain.cases import desk, orders
from services.router.domain.cases.desk import Ineffective, OrderRequest, Person, Placed, Waiting
from services.router.domain.cases.orders import UNCONFIRMED_AFTER
from shared.events.case import (
    AnswerGiven,
    AssignOrdered,
    CaseAnswered,
    CaseDecided,
    OrderRefused,
    RedeliverOrdered,
)
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, encode
from shared.events.payload import Payload
from shared.events.submission import SubmissionDelivered, SubmissionRouted
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, CASE_ORDERED
from tests.support.events import ASSIGNMENT, GIESSEN, RECEIVED_AT
from tests.support.routing import RouterInMemory, about, hessen, opened, record, submission

MARBURG = "g-06534014"
AGAIN = RedeliverOrdered(assignment=ASSIGNMENT)
ELSEWHERE = AssignOrdered(authority=MARBURG, assignment=ASSIGNMENT)
WISH = OrderRequest(
    person=Person(role="Klärungsstelle", principal="klaerung-7", source="urn:amtsweg:tests"),
    reason="erneute Zustellung",
    key="k-1",
    redeliver=True,
)


@pytest.fixture
def router(tmp_path: Path) -> RouterInMemory:
    """A router to which a case has come, which went to Gießen."""
    made = RouterInMemory(tmp_path)
    made.take(submission())
    return made


def later(router: RouterInMemory, *, by: timedelta = UNCONFIRMED_AFTER) -> RouterInMemory:
    router.now += by
    return router


def order(router: RouterInMemory, data: Payload, *, number: int = 1) -> list[Event[Payload]]:
    event_id = uuid5(submission().case_id, f"order-{number}")
    return router.take_record(
        record(encode(about(submission().submission_id, data, event_id=event_id), CASE_ORDERED.name))
    )


def custody(router: RouterInMemory) -> CaseHeld:
    return CaseHeld.from_json(router.state.kept[str(submission().case_id)])


def answer(router: RouterInMemory, authority: str) -> Payload:
    given = AnswerGiven(kind="decided", outcome="granted", given_at=RECEIVED_AT)
    data = CaseAnswered(authority=authority, own_id="a-1", answer=given)
    event_id = uuid5(submission().case_id, f"answer/{authority}")
    told, *_ = router.take(about(submission().submission_id, data, event_id=event_id), CASE_ANSWERED.name)
    return told.data


def test_it_is_delivered_again_from_what_is_held_and_no_inbox_record_is_needed(
    router: RouterInMemory,
) -> None:
    delivered, routed = order(later(router), AGAIN)

    assert isinstance(delivered.data, SubmissionDelivered)
    assert isinstance(routed.data, SubmissionRouted)
    assert router.out[-2].topic == AUTHORITY_INBOX.for_authority(GIESSEN)
    assert delivered.data.receipt == submission().data.receipt
    assert opened(delivered.data.content, authority=GIESSEN, submission_id=submission().submission_id)
    assert (custody(router).authority, custody(router).since) == (GIESSEN, router.now)


def test_the_authority_keeps_custody_and_its_answer_counts_before_and_after(router: RouterInMemory) -> None:
    order(later(router), AGAIN)

    assert isinstance(answer(router, GIESSEN), CaseDecided)


def test_after_another_assignment_the_new_authority_holds_the_case(router: RouterInMemory) -> None:
    delivered, _ = order(later(router), ELSEWHERE)

    assert isinstance(delivered.data, SubmissionDelivered)
    assert custody(router).authority == MARBURG
    assert not isinstance(answer(router, GIESSEN), CaseDecided)


@pytest.mark.parametrize("data", [AGAIN, ELSEWHERE])
def test_before_20_days_the_authority_has_time(router: RouterInMemory, data: Payload) -> None:
    before = custody(router)
    (told,) = order(later(router, by=UNCONFIRMED_AFTER - timedelta(seconds=1)), data)

    assert isinstance(told.data, OrderRefused)
    assert (custody(router).authority, custody(router).since) == (before.authority, before.since)


def test_an_order_that_cannot_be_sealed_leaves_the_case_where_it_is(router: RouterInMemory) -> None:
    router.keyed = ()  # its only key has been revoked
    (told,) = order(later(router), AGAIN)

    assert isinstance(told.data, OrderRefused)
    assert (custody(router).standing, custody(router).authority) == ("routed", GIESSEN)


def waiting(router: RouterInMemory) -> Waiting:
    return Waiting(case=submission().case_id, held=custody(router))


def test_the_desk_lists_it_after_20_days_and_not_before(router: RouterInMemory) -> None:
    cases = {submission().case_id: custody(router)}

    assert desk.oldest_first(cases, now=router.now) == []
    (listed,) = desk.oldest_first(cases, now=router.now + UNCONFIRMED_AFTER)
    assert (listed.reason, desk.REASONS_DE[listed.reason][:14]) == ("unconfirmed", "von der Stelle")


def test_the_desk_tells_what_became_of_it(router: RouterInMemory) -> None:
    later(router)
    given = desk.order(WISH, waiting(router), now=router.now)
    router.take(given, CASE_ORDERED.name)
    assert desk.effect(given, waiting(router)) == Placed(waiting=waiting(router), authority=GIESSEN)

    router.keyed = ()
    later(router)
    again = desk.order(replace(WISH, key="k-2"), waiting(router), now=router.now)
    router.take(again, CASE_ORDERED.name)
    told = desk.effect(again, waiting(router))
    assert isinstance(told, Ineffective)
    assert told.obstacle == "not-connected"


def test_the_desk_does_not_give_an_order_that_would_change_nothing(router: RouterInMemory) -> None:
    today = datetime(2026, 1, 12, tzinfo=UTC).date()
    early = desk.objection(WISH, waiting(router), directory=hessen(), now=router.now, today=today)
    at_last = desk.objection(
        WISH, waiting(router), directory=hessen(), now=router.now + UNCONFIRMED_AFTER, today=today
    )
    retried = replace(WISH, redeliver=False)
    retry = desk.objection(
        retried, waiting(router), directory=hessen(), now=router.now + UNCONFIRMED_AFTER, today=today
    )

    assert (early, at_last, retry) == ("not-unconfirmed", None, "already-routed")


def test_a_confirmed_case_is_not_at_the_desk(router: RouterInMemory) -> None:
    accepted = custody(router).model_copy(update={"standing": "accepted"})

    assert orders.refusal(accepted, AGAIN, now=router.now + timedelta(days=400)) == "not-unconfirmed"
    assert desk.oldest_first({submission().case_id: accepted}, now=router.now + timedelta(days=400)) == []

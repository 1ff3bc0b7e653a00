from pathlib import Path
from uuid import uuid5

import pytest

from shared.events.case import (
    AnswerGiven,
    AnswerRefused,
    AssignOrdered,
    CaseAccepted,
    CaseDecided,
    OrderRefused,
    RetryOrdered,
)
from shared.events.competence import Place
from shared.events.envelope import Event, encode
from shared.events.payload import Payload
from shared.events.submission import SubmissionDelivered, SubmissionParked, SubmissionRouted
from shared.events.topics import CASE_ORDERED, CASE_UPDATED, SUBMISSION_HELD
from shared.kafka.records import Record
from tests.support.events import ASSIGNMENT, GIESSEN, RECEIVED_AT
from tests.support.routing import RouterInMemory, about, answer, opened, record, submission

NOWHERE = Place(plz="99999")
MARBURG = "g-06534014"


def order(router: RouterInMemory, data: Payload, *, number: int = 1) -> list[Event[Payload]]:
    return router.take_record(as_order(data, number=number))


def as_order(data: Payload, *, number: int = 1) -> Record:
    case = submission()
    event_id = uuid5(case.case_id, f"order-{number}")
    return record(encode(about(case.submission_id, data, event_id=event_id), CASE_ORDERED.name))


ACCEPTED = AnswerGiven(kind="accepted", given_at=RECEIVED_AT)
GRANTED = AnswerGiven(kind="decided", outcome="granted", given_at=RECEIVED_AT)
RETRY = RetryOrdered(assignment=ASSIGNMENT)
TO_MARBURG = AssignOrdered(authority=MARBURG, assignment=ASSIGNMENT)


def test_an_acceptance_is_reported_and_keeps_the_held_objects(router: RouterInMemory) -> None:
    router.take(submission())

    (told,) = answer(router, ACCEPTED)

    assert isinstance(told.data, CaseAccepted)
    assert router.out[-1].topic == CASE_UPDATED.name
    assert len(router.state.shelf) == 1


def test_a_decision_closes_the_case_and_lets_go_of_what_was_held(router: RouterInMemory) -> None:
    received = submission()
    router.take(received)

    (told,) = answer(router, GRANTED)

    assert isinstance(told.data, CaseDecided)
    tombstone = router.out[-1]
    assert (tombstone.topic, tombstone.key, tombstone.value) == (
        SUBMISSION_HELD.name,
        str(received.submission_id).encode(),
        None,
    )
    assert router.state.shelf == {}


def test_an_answer_taken_twice_has_one_effect(router: RouterInMemory) -> None:
    router.take(submission())
    answer(router, ACCEPTED)

    assert answer(router, ACCEPTED) == []


def test_an_unknown_and_another_authoritys_case_get_the_same_answer(router: RouterInMemory) -> None:
    unknown, _ = answer(router, ACCEPTED)
    router.take(submission())
    foreign, _ = answer(router, ACCEPTED, by=MARBURG)

    assert isinstance(unknown.data, AnswerRefused)
    assert isinstance(foreign.data, AnswerRefused)
    assert unknown.data.reason == foreign.data.reason == "not-in-custody"


def test_a_case_that_a_person_assigns_goes_on_with_its_original_receipt(router: RouterInMemory) -> None:
    received = submission(place=NOWHERE)
    router.take(received)

    delivered, routed = order(router, TO_MARBURG)

    assert isinstance(routed.data, SubmissionRouted)
    assert isinstance(delivered.data, SubmissionDelivered)
    assert routed.data.receipt == delivered.data.receipt == received.data.receipt
    assert routed.data.assignment == delivered.data.assignment == ASSIGNMENT
    assert routed.data.decision is not None
    assert routed.data.decision.outcome == "parked"
    assert opened(delivered.data.content, authority=MARBURG, submission_id=received.submission_id)


def test_after_an_assignment_the_named_authority_answers(router: RouterInMemory) -> None:
    router.take(submission(place=NOWHERE))
    order(router, TO_MARBURG)

    (told,) = answer(router, GRANTED, by=MARBURG)

    assert isinstance(told.data, CaseDecided)


def test_a_retry_decides_again_and_routes_when_the_reason_is_gone(tmp_path: Path) -> None:
    before = RouterInMemory(tmp_path, reachable=())
    received = submission()
    before.take(received)
    after = RouterInMemory(tmp_path, state=before.state)

    delivered, routed = order(after, RETRY)

    assert isinstance(routed.data, SubmissionRouted)
    assert (routed.data.authority, routed.data.assignment) == (GIESSEN, None)
    assert isinstance(delivered.data, SubmissionDelivered)
    assert delivered.data.receipt == received.data.receipt


def test_a_retry_that_finds_the_same_reason_parks_again(router: RouterInMemory) -> None:
    router.take(submission(place=NOWHERE))

    (told,) = order(router, RETRY)

    assert isinstance(told.data, SubmissionParked)
    assert len(router.state.shelf) == 1


@pytest.mark.parametrize("data", [RETRY, TO_MARBURG], ids=["retry", "assign"])
def test_an_order_about_a_case_that_is_not_parked_is_refused(router: RouterInMemory, data: Payload) -> None:
    router.take(submission())

    (told,) = order(router, data)

    assert isinstance(told.data, OrderRefused)
    assert told.data.reason == "not-parked"


def test_an_order_about_an_unknown_case_is_refused(router: RouterInMemory) -> None:
    (told,) = order(router, RETRY)

    assert isinstance(told.data, OrderRefused)
    assert told.data.reason == "unknown-case"


def test_a_case_cannot_be_assigned_to_an_authority_that_does_not_exist(router: RouterInMemory) -> None:
    router.take(submission(place=NOWHERE))

    (told,) = order(router, AssignOrdered(authority="g-00000000", assignment=ASSIGNMENT))

    assert isinstance(told.data, OrderRefused)
    assert told.data.reason == "unknown-authority"
    (_, routed) = order(router, TO_MARBURG, number=2)
    assert isinstance(routed.data, SubmissionRouted)


def test_an_order_taken_twice_has_one_effect(router: RouterInMemory) -> None:
    router.take(submission(place=NOWHERE))
    order(router, TO_MARBURG)

    assert order(router, TO_MARBURG) == []


def test_an_order_that_finds_nothing_held_fails_and_changes_nothing(router: RouterInMemory) -> None:
    received = submission(place=NOWHERE)
    router.take(received)
    parked = dict(router.state.kept)
    router.state.shelf.clear()

    with pytest.raises(LookupError, match=str(received.submission_id)):
        router.routing().on_record(as_order(RETRY), router.state)
    assert router.state.kept == parked


@pytest.mark.parametrize("data", [RETRY, TO_MARBURG], ids=["retry", "assign"])
def test_a_case_on_whose_order_the_router_fails_stays_parked_and_says_so(
    router: RouterInMemory, data: Payload
) -> None:
    received = submission(place=NOWHERE)
    router.take(received)
    poisoned = as_order(data)

    (told,) = router.keep(router.routing().on_poisoned(poisoned, router.state))

    assert isinstance(told.data, SubmissionParked)
    assert (told.data.reason, told.data.receipt) == ("order-failed", received.data.receipt)
    assert router.keep(router.routing().on_poisoned(poisoned, router.state)) == []


def test_a_poisoned_order_about_a_case_that_is_not_parked_changes_nothing(router: RouterInMemory) -> None:
    router.take(submission())

    assert router.routing().on_poisoned(as_order(RETRY), router.state) == ()

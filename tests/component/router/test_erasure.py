"""An erasure ends a case at the router: its authority hears of it, nothing is held any more, and custody says only that it was erased."""

from uuid import uuid5

import pytest

from shared.events import ids
from shared.events.case import AnswerGiven, AnswerRefused, AssignOrdered, CaseAnswered, OrderRefused
from shared.events.competence import Place
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, carries
from shared.events.erasure import CaseEnded, CaseErased, EraseOrdered
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, CASE_ORDERED, SUBMISSION_HELD
from tests.support.events import ASSIGNMENT, GIESSEN, RECEIVED_AT
from tests.support.routing import RouterInMemory, about, submission

SECRET = "Az-4711-26"


def erase(
    router: RouterInMemory, received: Event[SubmissionReceived], *, number: int = 1
) -> list[Event[Payload]]:
    order = EraseOrdered(basis="Art. 17 Abs. 1 DSGVO")
    event_id = uuid5(received.case_id, f"erase-{number}")
    return router.take(about(received.submission_id, order, event_id=event_id), CASE_ORDERED.name)


def custody(router: RouterInMemory, received: Event[SubmissionReceived]) -> CaseHeld:
    return CaseHeld.from_json(router.state.kept[str(received.case_id)])


def test_a_routed_case_is_ended_at_its_authority_and_reported(router: RouterInMemory) -> None:
    received = submission(SECRET)
    router.take(received)
    router.out.clear()
    ended, report = erase(router, received)
    assert isinstance(ended.data, CaseEnded)
    assert router.out[0].topic == AUTHORITY_INBOX.for_authority(GIESSEN)
    assert carries(report, CaseErased)
    assert (report.data.holder, report.data.order_id) == ("router", uuid5(received.case_id, "erase-1"))
    assert {copy.what for copy in report.data.remaining} >= {"submission.held.v1", "authority.<id>.inbox.v1"}
    assert all(copy.until > router.now for copy in report.data.remaining)


def test_nothing_is_held_any_more_and_custody_says_only_that_it_was_erased(router: RouterInMemory) -> None:
    received = submission(SECRET)
    router.take(received)
    before = custody(router, received)
    erase(router, received)
    left = custody(router, received)
    assert router.state.shelf == {}
    assert [m.value for m in router.out if m.topic == SUBMISSION_HELD.name][-1] is None
    assert (left.standing, left.authority, left.decision) == ("erased", None, None)
    kept = left.to_json().decode()
    for told in (SECRET, before.receipt.receipt_number, before.receipt.content_hash, "Gießen", "35390"):
        assert told not in kept


@pytest.mark.parametrize("place", [None, Place(plz="99999")])
def test_nothing_brings_an_erased_case_back(router: RouterInMemory, place: Place | None) -> None:
    received = submission(SECRET, place=place)
    router.take(received)
    erase(router, received)
    assert router.take(received) == []
    answer = CaseAnswered(
        authority=GIESSEN, own_id="1", answer=AnswerGiven(kind="accepted", given_at=RECEIVED_AT)
    )
    event = about(received.submission_id, answer, event_id=ids.answer_id(GIESSEN, "1"))
    told, _ = router.take(event, CASE_ANSWERED.name)
    assert isinstance(told.data, AnswerRefused)
    order = AssignOrdered(authority=GIESSEN, assignment=ASSIGNMENT)
    event = about(received.submission_id, order, event_id=uuid5(received.case_id, "assign"))
    (told,) = router.take(event, CASE_ORDERED.name)
    assert isinstance(told.data, OrderRefused)
    assert custody(router, received).standing == "erased"


def test_the_same_order_again_says_nothing_and_another_one_is_reported_too(router: RouterInMemory) -> None:
    received = submission(SECRET)
    router.take(received)
    erase(router, received)
    assert erase(router, received) == []
    assert [type(event.data) for event in erase(router, received, number=2)] == [CaseErased]


def test_a_case_that_the_router_does_not_know_is_reported_as_well(router: RouterInMemory) -> None:
    (report,) = erase(router, submission(SECRET))
    assert carries(report, CaseErased)
    assert report.data.gone == ()


def test_a_case_of_an_authority_without_an_inbox_is_erased_too(router: RouterInMemory) -> None:
    received = submission(SECRET)
    router.take(received)
    router.reachable = ()
    (report,) = erase(router, received)
    assert carries(report, CaseErased)
    assert router.state.shelf == {}
    assert custody(router, received).standing == "erased"

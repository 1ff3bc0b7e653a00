"""Which version of the directory a decision is made with, and names: that of the receipt first, then the newest."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid5

import pytest

from shared.events.case import AssignOrdered, RetryOrdered
from shared.events.competence import CompetenceDecision, Place
from shared.events.payload import Payload
from shared.events.submission import SubmissionParked, SubmissionRouted
from shared.events.topics import CASE_ORDERED
from tests.support.directories import built, hessen_with
from tests.support.events import ASSIGNMENT, GIESSEN, RECEIVED_AT
from tests.support.routing import RouterInMemory, about, hessen, submission

CHANGED = built(hessen_with("names", "06531005,Gießen an der Lahn,erfunden"))
NOWHERE = Place(plz="99999")


@pytest.fixture
def router(tmp_path: Path) -> RouterInMemory:
    """The directory changes a minute after the receipt."""
    change = RECEIVED_AT + timedelta(minutes=1)
    return RouterInMemory(tmp_path, version_at=lambda instant: CHANGED if instant >= change else hessen())


def decision(event: Payload) -> CompetenceDecision:
    assert isinstance(event, SubmissionRouted | SubmissionParked)
    assert event.decision is not None
    return event.decision


def test_a_first_decision_is_made_with_the_version_of_the_receipt_however_late_it_is(
    router: RouterInMemory,
) -> None:
    router.now = RECEIVED_AT + timedelta(days=3)
    (_, routed, _) = router.take(submission())
    assert decision(routed.data).directory_version == hessen().version


@pytest.mark.parametrize(
    "data",
    [RetryOrdered(assignment=ASSIGNMENT), AssignOrdered(authority=GIESSEN, assignment=ASSIGNMENT)],
    ids=["retry", "assign"],
)
def test_a_later_decision_is_made_with_the_newest_version_and_names_it(
    router: RouterInMemory, data: Payload
) -> None:
    received = submission(place=NOWHERE)
    (parked, *_) = router.take(received)
    assert decision(parked.data).directory_version == hessen().version
    router.now = RECEIVED_AT + timedelta(days=3)
    event = about(received.submission_id, data, event_id=uuid5(received.case_id, "order"))
    told = router.take(event, CASE_ORDERED.name)[-1]
    assert decision(told.data).directory_version == CHANGED.version


def test_an_assignment_keeps_the_question_that_the_directory_was_asked(router: RouterInMemory) -> None:
    received = submission(place=NOWHERE)
    (parked, *_) = router.take(received)
    router.now = RECEIVED_AT + timedelta(days=3)
    data = AssignOrdered(authority=GIESSEN, assignment=ASSIGNMENT)
    event = about(received.submission_id, data, event_id=uuid5(received.case_id, "order"))
    told = router.take(event, CASE_ORDERED.name)[-1]
    assert decision(told.data).inquiry == decision(parked.data).inquiry

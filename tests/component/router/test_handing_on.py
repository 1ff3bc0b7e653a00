"""A wrongly addressed authority hands a case on: receipt and content stay, nobody has it twice without a person."""

from pathlib import Path

import pytest

from shared.events import ids
from shared.events.case import (
    AnswerGiven,
    AnswerRefused,
    CaseAccepted,
    CaseForwarded,
    CaseMessage,
    CaseReturned,
    InformationRequested,
)
from shared.events.competence import Place
from shared.events.submission import SubmissionDelivered, SubmissionParked, SubmissionRouted
from shared.events.topics import CASE_MESSAGE, CASE_UPDATED, CATALOGUE, SUBMISSION_ROUTED
from tests.support.directories import built, hessen_with
from tests.support.events import GIESSEN, RECEIVED_AT, sealed
from tests.support.routing import RouterInMemory, answer, opened, submission

MARBURG, NOBODY, NO_INBOX = "g-06534014", "g-00000000", "g-06532023"


@pytest.fixture
def router(router: RouterInMemory) -> RouterInMemory:
    router.take(submission())
    return router


def forwarding(to: str) -> AnswerGiven:
    return AnswerGiven(kind="forwarded", reason="not-competent", forward_to=to, given_at=RECEIVED_AT)


RETURNED = AnswerGiven(kind="returned", reason="wrong-place", given_at=RECEIVED_AT)
ACCEPTED = AnswerGiven(kind="accepted", given_at=RECEIVED_AT)


def test_a_forwarded_case_reaches_the_next_authority_with_its_receipt_and_content(
    router: RouterInMemory,
) -> None:
    handed_on, delivered, routed = answer(router, forwarding(MARBURG))

    assert isinstance(handed_on.data, CaseForwarded)
    assert isinstance(delivered.data, SubmissionDelivered)
    assert isinstance(routed.data, SubmissionRouted)
    assert [message.topic for message in router.out[-3:]] == [
        CASE_UPDATED.name,
        f"authority.{MARBURG}.inbox.v1",
        SUBMISSION_ROUTED.name,
    ]
    assert delivered.data.receipt == routed.data.receipt == submission().data.receipt
    content = opened(delivered.data.content, authority=MARBURG, submission_id=submission().submission_id)
    assert content == b'{"betrieb":"Laden"}'


def test_the_directory_gets_a_proposal_by_the_authority_that_said_so(router: RouterInMemory) -> None:
    (*_, routed) = answer(router, forwarding(MARBURG))

    assert isinstance(routed.data, SubmissionRouted)
    assert routed.data.assignment is not None
    assert (routed.data.assignment.principal, routed.data.assignment.reason) == (GIESSEN, "not-competent")
    assert routed.data.decision is not None
    assert routed.data.decision.authority == GIESSEN


def test_only_the_next_holder_is_heard_from_then_on(router: RouterInMemory) -> None:
    answer(router, forwarding(MARBURG))

    refused, _ = answer(router, ACCEPTED)
    (accepted,) = answer(router, ACCEPTED, by=MARBURG)

    assert isinstance(refused.data, AnswerRefused)
    assert refused.data.reason == "not-in-custody"
    assert isinstance(accepted.data, CaseAccepted)


def test_a_case_that_would_come_back_is_parked(router: RouterInMemory) -> None:
    answer(router, forwarding(MARBURG))

    (_, parked) = answer(router, forwarding(GIESSEN), by=MARBURG)

    assert isinstance(parked.data, SubmissionParked)
    assert parked.data.reason == "handed-on-in-a-circle"


def test_a_returned_case_is_parked_while_the_directory_still_names_the_same_authority(
    router: RouterInMemory,
) -> None:
    (returned, parked) = answer(router, RETURNED)

    assert isinstance(returned.data, CaseReturned)
    assert returned.data.reason == "wrong-place"
    assert isinstance(parked.data, SubmissionParked)
    assert parked.data.reason == "returned"


def test_a_returned_case_goes_where_the_directory_of_today_says(tmp_path: Path) -> None:
    lines = (
        f"gewerbe-giessen-marburg,cooperation,{MARBURG},{GIESSEN},99050012104000,,2020-01-01,,erfunden,yes",
    )
    after = built(hessen_with("agreements", *lines))
    router = RouterInMemory(tmp_path)
    router.take(submission())
    router.version_at = lambda _: after

    (_, delivered, routed) = answer(router, RETURNED)

    assert isinstance(delivered.data, SubmissionDelivered)
    assert isinstance(routed.data, SubmissionRouted)
    assert (routed.data.authority, routed.data.assignment) == (MARBURG, None)


def test_an_authority_that_no_directory_knows_is_refused_and_custody_stays(router: RouterInMemory) -> None:
    refused, _ = answer(router, forwarding(NOBODY))
    (accepted,) = answer(router, ACCEPTED)

    assert isinstance(refused.data, AnswerRefused)
    assert refused.data.reason == "unknown-authority"
    assert isinstance(accepted.data, CaseAccepted)


def test_a_next_authority_without_an_inbox_parks_the_case(router: RouterInMemory) -> None:
    (_, parked) = answer(router, forwarding(NO_INBOX))

    assert isinstance(parked.data, SubmissionParked)
    assert parked.data.reason == "no-inbox"


def test_the_same_answer_twice_hands_on_once(router: RouterInMemory) -> None:
    answer(router, forwarding(MARBURG))

    assert answer(router, forwarding(MARBURG)) == []


def test_what_is_missing_stays_off_permanent_topics_and_its_number_does_not(router: RouterInMemory) -> None:
    notice = sealed("notifier-2026", purpose="notice")
    given = AnswerGiven(kind="information-requested", items=1, notice=notice, given_at=RECEIVED_AT)

    (told, message) = answer(router, given)

    assert isinstance(told.data, InformationRequested)
    assert told.data.items == 1
    assert isinstance(message.data, CaseMessage)
    assert message.data.notice == notice
    permanent = {topic.name for topic in CATALOGUE if not topic.sealed}
    written = [each.value or b"" for each in router.out if each.topic in permanent]
    assert written
    assert all(notice.ciphertext.encode() not in value for value in written)
    accepted_after, _ = answer(router, AnswerGiven(kind="accepted", given_at=RECEIVED_AT))
    assert isinstance(accepted_after.data, AnswerRefused)


def test_sealed_parts_of_an_answer_without_effect_go_nowhere(router: RouterInMemory) -> None:
    content = sealed("portal-2026", purpose="answer")
    given = AnswerGiven(kind="decided", outcome="granted", content=content, given_at=RECEIVED_AT)

    refused, _ = answer(router, given, by=MARBURG)
    assert isinstance(refused.data, AnswerRefused)
    assert CASE_MESSAGE.name not in {each.topic for each in router.out}

    (_, message) = answer(router, given)
    assert isinstance(message.data, CaseMessage)
    assert (message.data.content, message.data.answer_id) == (content, ids.answer_id(GIESSEN, "decided-1"))
    (written,) = [each for each in router.out if each.topic == CASE_MESSAGE.name]
    assert written.key == str(message.id).encode()
    assert answer(router, given) == []


def test_an_answer_on_a_case_at_an_unknown_place_is_refused(tmp_path: Path) -> None:
    router = RouterInMemory(tmp_path)
    router.take(submission(place=Place(plz="99999")))

    refused, _ = answer(router, RETURNED)

    assert isinstance(refused.data, AnswerRefused)
    assert refused.data.reason == "not-in-custody"

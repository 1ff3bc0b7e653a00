"""What is handed in later goes to whoever holds the case, follows it wherever it goes, and ends with it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.crypto.jwe import OwnKey, RecipientKey, open_sealed, seal
from shared.errors import Unavailable
from shared.events import ids
from shared.events.case import AnswerGiven, AnswerRefused, AssignOrdered
from shared.events.competence import Place
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, encode
from shared.events.payload import Payload, Sealed
from shared.events.submission import SubmissionDelivered, SubmissionParked
from shared.events.supplement import (
    CaseSupplemented,
    CaseWithdrawn,
    SubmissionRefused,
    SupplementDelivered,
    SupplementReceived,
    WithdrawalDelivered,
    WithdrawalReceived,
)
from shared.events.topics import CASE_ORDERED, CASE_SUBMITTED, SUBMISSION_HELD
from tests.support.events import ANSWER_KEYS, ASSIGNMENT, GIESSEN, RECEIPT, RECEIVED_AT, sealed
from tests.support.routing import (
    RouterInMemory,
    about,
    answer,
    authority_key,
    platform_key,
    public_part,
    record,
    submission,
)

MARBURG = "g-06534014"
CASE = submission().case_id
WORDS = b'{"zeugnis":"liegt bei"}'


@pytest.fixture
def router(router: RouterInMemory) -> RouterInMemory:
    router.take(submission())
    return router


def handed_in(data: SupplementReceived | WithdrawalReceived, name: str) -> Event[Payload]:
    own_id = ids.submission_id("verwaltungsportal", name)
    event = about(own_id, data, event_id=ids.child_id(own_id, "received"))
    return replace(event, case_id=CASE)


def content_of(name: str) -> Sealed:
    own_id = ids.submission_id("verwaltungsportal", name)
    token = seal(
        WORDS,
        key=RecipientKey(public_part(platform_key())),
        submission_id=own_id,
        purpose="content",
        content_type="application/json",
    )
    return Sealed.model_validate_json(token)


def supplement(name: str = "nachreichung-1") -> Event[Payload]:
    return handed_in(
        SupplementReceived(receipt=RECEIPT, content=content_of(name), answer_keys=ANSWER_KEYS), name
    )


def withdrawal(name: str = "ruecknahme-1", *, words: bool = False) -> Event[Payload]:
    return handed_in(WithdrawalReceived(receipt=RECEIPT, content=content_of(name) if words else None), name)


def asking() -> AnswerGiven:
    return AnswerGiven(
        kind="information-requested", items=1, notice=sealed(purpose="notice"), given_at=RECEIVED_AT
    )


def forwarding(to: str) -> AnswerGiven:
    return AnswerGiven(kind="forwarded", reason="not-competent", forward_to=to, given_at=RECEIVED_AT)


DECIDED = AnswerGiven(kind="decided", outcome="granted", given_at=RECEIVED_AT)


def standing(router: RouterInMemory) -> str:
    return CaseHeld.from_json(router.state.kept[str(CASE)]).standing


def read_by(authority: str, delivered: Event[Payload]) -> bytes:
    assert isinstance(delivered.data, SupplementDelivered | WithdrawalDelivered)
    assert delivered.data.authority == authority
    assert delivered.data.content is not None
    token = delivered.data.content.model_dump_json(by_alias=True).encode()
    key = OwnKey(authority_key(authority))
    return open_sealed(token, key=key, submission_id=delivered.submission_id, purpose="content")


def test_what_was_asked_for_goes_to_the_holder_and_the_case_waits_no_longer(router: RouterInMemory) -> None:
    answer(router, asking())
    assert standing(router) == "information-requested"

    (told, _, delivered) = router.take(supplement(), CASE_SUBMITTED.name)

    assert isinstance(told.data, CaseSupplemented)
    assert (told.data.requested, told.data.authority) == (True, GIESSEN)
    assert told.submission_id == submission().submission_id
    assert read_by(GIESSEN, delivered) == WORDS
    assert standing(router) == "supplemented"
    assert router.take(supplement(), CASE_SUBMITTED.name) == []


def test_what_was_not_asked_for_is_delivered_and_changes_no_state(router: RouterInMemory) -> None:
    (told, _, delivered) = router.take(supplement(), CASE_SUBMITTED.name)

    assert isinstance(told.data, CaseSupplemented)
    assert not told.data.requested
    assert read_by(GIESSEN, delivered) == WORDS
    assert standing(router) == "routed"


def test_a_forwarded_case_takes_its_supplements_along(router: RouterInMemory) -> None:
    for name in ("nachreichung-1", "nachreichung-2"):
        router.take(supplement(name), CASE_SUBMITTED.name)

    came = answer(router, forwarding(MARBURG))

    first = [event for event in came if isinstance(event.data, SubmissionDelivered)]
    later = [event for event in came if isinstance(event.data, SupplementDelivered)]
    assert len(first) == 1
    assert [read_by(MARBURG, event) for event in later] == [WORDS, WORDS]
    assert len({event.id for event in later}) == 2


def test_a_parked_case_keeps_its_supplements_for_its_next_holder(tmp_path: Path) -> None:
    router = RouterInMemory(tmp_path)
    router.take(submission(place=Place(plz="99999")))
    (told, _) = router.take(supplement(), CASE_SUBMITTED.name)
    assert isinstance(told.data, CaseSupplemented)
    assert told.data.authority is None

    order = about(
        submission().submission_id,
        AssignOrdered(authority=MARBURG, assignment=ASSIGNMENT),
        event_id=ids.child_id(CASE, "order"),
    )
    came = router.take(order, CASE_ORDERED.name)

    (delivered,) = [event for event in came if isinstance(event.data, SupplementDelivered)]
    assert read_by(MARBURG, delivered) == WORDS


def test_a_holder_that_cannot_be_reached_any_more_parks_the_case_and_nothing_is_lost(
    router: RouterInMemory,
) -> None:
    router.reachable = ()

    (_, _, parked) = router.take(supplement(), CASE_SUBMITTED.name)

    assert isinstance(parked.data, SubmissionParked)
    assert parked.data.reason == "no-inbox"
    assert len(router.state.shelf) == 2


@pytest.mark.parametrize("words", [True, False], ids=["with words", "without words"])
def test_a_withdrawn_case_is_closed_and_reported_and_its_objects_are_released(
    router: RouterInMemory, *, words: bool
) -> None:
    router.take(supplement(), CASE_SUBMITTED.name)

    (told, delivered) = router.take(withdrawal(words=words), CASE_SUBMITTED.name)

    assert isinstance(told.data, CaseWithdrawn)
    assert isinstance(delivered.data, WithdrawalDelivered)
    assert read_by(GIESSEN, delivered) == WORDS if words else delivered.data.content is None
    assert (standing(router), router.state.shelf) == ("withdrawn", {})
    refused, _ = answer(router, DECIDED)
    assert isinstance(refused.data, AnswerRefused)
    assert refused.data.reason == "withdrawn"


def test_after_a_decision_it_is_too_late_and_nothing_is_held(router: RouterInMemory) -> None:
    router.take(supplement(), CASE_SUBMITTED.name)
    answer(router, DECIDED)
    assert router.state.shelf == {}

    for late in (supplement("zu-spaet"), withdrawal()):
        (refused,) = router.take(late, CASE_SUBMITTED.name)
        assert isinstance(refused.data, SubmissionRefused)
        assert (refused.data.reason, refused.data.submission_id) == ("already-closed", late.submission_id)
    assert standing(router) == "decided"
    held = [each for each in router.out if each.topic == SUBMISSION_HELD.name and each.value is not None]
    assert len(held) == 2


def test_a_supplement_that_is_read_before_its_submission_waits_for_it(tmp_path: Path) -> None:
    router = RouterInMemory(tmp_path)
    with pytest.raises(Unavailable):
        router.take(supplement(), CASE_SUBMITTED.name)
    router.take(submission())
    assert len(router.take(supplement(), CASE_SUBMITTED.name)) == 3


def test_a_supplement_to_a_case_that_nobody_ever_opened_is_refused_an_hour_after_the_first_try(
    tmp_path: Path,
) -> None:
    router, seconds = RouterInMemory(tmp_path), [0.0]
    routing = router.routing(monotonic=lambda: seconds[0])
    after_an_outage = datetime(2026, 1, 12, 4, 0, tzinfo=UTC)
    first, second = (
        replace(
            record(encode(supplement(key), CASE_SUBMITTED.name)),
            timestamp_ms=int(after_an_outage.timestamp() * 1000),
            offset=offset,
        )
        for offset, key in enumerate(("eins", "zwei"))
    )
    for seconds[0] in (0.0, 3599.0):
        with pytest.raises(Unavailable):
            routing.on_record(first, router.state)
    seconds[0] = 3600.0
    (refused,) = router.keep(routing.on_record(first, router.state))
    assert isinstance(refused.data, SubmissionRefused)
    assert refused.data.reason == "unknown-case"
    with pytest.raises(Unavailable):
        routing.on_record(second, router.state)

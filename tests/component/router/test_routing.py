import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from services.router.adapters.authorities import KeyFile, KnownAuthorities
from services.router.domain.decision.resolver import Unverified
from shared.crypto.jwe import OwnKey, Rewrapper, open_sealed
from shared.events import ids
from shared.events.competence import Attributes, Place
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Undecodable, encode
from shared.events.payload import SealedRecipient
from shared.events.submission import (
    SubmissionDelivered,
    SubmissionHeld,
    SubmissionParked,
    SubmissionReceived,
    SubmissionRouted,
)
from shared.events.topics import AUTHORITY_INBOX, SUBMISSION_HELD, SUBMISSION_RECEIVED, SUBMISSION_ROUTED
from shared.kafka.records import Record
from shared.telemetry.metrics import Telemetry
from tests.support.alarms import rings
from tests.support.events import GIESSEN, RECEIPT
from tests.support.routing import (
    RouterInMemory,
    opened,
    platform_key,
    private_key,
    public_part,
    record,
    submission,
)


def custody(router: RouterInMemory, case: object) -> CaseHeld:
    return CaseHeld.from_json(router.state.kept[str(case)])


def parked(router: RouterInMemory) -> SubmissionParked:
    (told,) = [m for m in router.out if m.topic == SUBMISSION_ROUTED.name]
    assert told.value is not None
    return SubmissionParked.from_json(told.value)


@pytest.mark.parametrize(("unverified", "kind"), [("answer", SubmissionRouted), ("park", SubmissionParked)])
def test_an_installation_chooses_what_becomes_of_unverified_competence(
    tmp_path: Path, unverified: Unverified, kind: type
) -> None:
    router = RouterInMemory(tmp_path, unverified=unverified, reachable=("k-06531",), keyed=("k-06531",))
    receipt = RECEIPT.model_copy(update={"service": "99036008007000"})
    told = [type(event.data) for event in router.take(submission(receipt=receipt))]
    assert told.count(kind) == 1


def test_what_the_submission_says_about_the_road_decides(router: RouterInMemory) -> None:
    receipt = RECEIPT.model_copy(update={"service": "99108001001000"})
    router.take(
        submission(receipt=receipt, place=Place(ags="06633030"), attributes=Attributes(road="federal"))
    )
    decision = parked(router).decision
    assert decision is not None
    assert (decision.authority, decision.inquiry.attributes) == ("k-06633", Attributes(road="federal"))


def test_a_submission_is_delivered_reported_and_held(router: RouterInMemory) -> None:
    received = submission()

    _, _, held = router.take(received)

    assert [m.topic for m in router.out] == [
        AUTHORITY_INBOX.for_authority(GIESSEN),
        SUBMISSION_ROUTED.name,
        SUBMISSION_HELD.name,
    ]
    assert isinstance(held.data, SubmissionHeld)
    assert held.data.content == received.data.content


def test_the_competent_authority_opens_the_content_whose_ciphertext_is_unchanged(
    router: RouterInMemory,
) -> None:
    received = submission(content=b'{"betrieb":"Laden"}')

    delivered, *_ = router.take(received)

    assert isinstance(delivered.data, SubmissionDelivered)
    content = delivered.data.content
    assert opened(content, authority=GIESSEN, submission_id=received.submission_id) == b'{"betrieb":"Laden"}'
    assert content.ciphertext == received.data.content.ciphertext


def test_the_authority_gets_the_decision_that_the_routed_event_states(router: RouterInMemory) -> None:
    delivered, routed, _ = router.take(submission())

    assert isinstance(delivered.data, SubmissionDelivered)
    assert isinstance(routed.data, SubmissionRouted)
    assert delivered.data.decision == routed.data.decision
    assert routed.data.decision is not None
    assert routed.data.decision.areas == ("06531005",)


def test_what_follows_is_about_the_same_case_and_named_after_its_cause(router: RouterInMemory) -> None:
    received = submission()

    told = router.take(received)

    routed = ids.child_id(received.id, "routed")
    assert [event.id for event in told] == [
        ids.child_id(routed, "delivered"),
        routed,
        ids.child_id(received.id, "held"),
    ]
    assert {event.case_id for event in told} == {received.case_id}
    assert {event.submission_id for event in told} == {received.submission_id}


def test_a_submission_taken_twice_has_one_effect(router: RouterInMemory) -> None:
    router.take(submission())

    assert router.take(submission()) == []


def test_the_day_of_receipt_is_a_day_in_hessen(router: RouterInMemory) -> None:
    late = RECEIPT.model_copy(update={"received_at": datetime(2025, 12, 31, 23, 30, tzinfo=UTC)})

    router.take(submission(receipt=late))

    decision = custody(router, submission().case_id).decision
    assert decision is not None
    assert decision.inquiry.on.isoformat() == "2026-01-01"


def test_what_nobody_is_competent_for_is_parked_with_reason_and_decision(router: RouterInMemory) -> None:
    received = submission(place=Place(plz="99999"))

    router.take(received)

    told = parked(router)
    assert told.decision is not None
    assert told.reason == told.decision.reason
    assert custody(router, received.case_id).standing == "parked"
    assert str(received.submission_id) in router.state.shelf


@pytest.mark.parametrize(
    ("without", "reason"), [({"reachable": ()}, "no-inbox"), ({"keyed": ()}, "no-key")], ids=["inbox", "key"]
)
def test_a_submission_for_an_authority_that_cannot_be_reached_is_parked(
    tmp_path: Path, without: dict[str, tuple[str, ...]], reason: str
) -> None:
    router = RouterInMemory(tmp_path, **without)  # type: ignore[arg-type]  # one of two tuples of ids

    router.take(submission())

    assert parked(router).reason == reason
    assert parked(router).decision is not None


@pytest.mark.parametrize("recipients", [0, 1], ids=["no recipient", "another recipient"])
def test_content_that_is_not_sealed_to_the_platform_is_parked(
    router: RouterInMemory, recipients: int
) -> None:
    received = submission()
    foreign = SealedRecipient(header={"alg": "RSA-OAEP-256", "kid": "somebody"}, encrypted_key="AA")
    content = received.data.content.model_copy(update={"recipients": (foreign,) * recipients})

    router.take(replace(received, data=received.data.model_copy(update={"content": content})))

    assert parked(router).reason == "not-opened"


def test_content_that_was_copied_from_another_submission_is_parked_and_reported(
    router: RouterInMemory,
) -> None:
    victim, attacker = submission("antrag-1"), submission("antrag-2")
    copied = attacker.data.model_copy(update={"content": victim.data.content})

    with structlog.testing.capture_logs() as lines:
        router.take(replace(attacker, data=copied))

    assert parked(router).reason == "sealed-for-another-use"
    assert rings("AmtswegSealedForAnotherUse", router.telemetry)
    assert [line["log_level"] for line in lines] == ["error"]


def test_content_is_sealed_to_every_key_of_the_authority(tmp_path: Path) -> None:
    keys = [private_key(f"giessen-{year}") for year in (2026, 2027)]
    path = tmp_path / "two-keys.json"
    path.write_text(json.dumps({GIESSEN: {"keys": [public_part(key) for key in keys]}}))
    authorities = KnownAuthorities(
        keys=KeyFile(path),
        rewrapper=Rewrapper([OwnKey(platform_key())]),
        has_inbox=lambda _: True,
        telemetry=Telemetry(),
    )
    sent = submission()

    content = authorities.reseal(sent.data.content, submission_id=sent.submission_id, authority=GIESSEN)

    token = content.model_dump_json(by_alias=True).encode()
    for key in keys:
        opened = open_sealed(token, key=OwnKey(key), submission_id=sent.submission_id, purpose="content")
        assert opened == b'{"betrieb":"Laden"}'


def test_a_submission_on_which_the_router_fails_is_parked_as_internal_error(router: RouterInMemory) -> None:
    received = submission()

    told, held = router.keep(router.routing().on_poisoned(as_record(received), router.state))

    assert told.data == SubmissionParked(receipt=received.data.receipt, reason="internal-error")
    assert isinstance(held.data, SubmissionHeld)
    assert router.take(received) == []


def test_a_known_submission_is_not_parked_when_its_repetition_fails(router: RouterInMemory) -> None:
    received = submission()
    router.take(received)

    assert router.routing().on_poisoned(as_record(received), router.state) == ()


def test_a_record_under_a_key_that_is_not_its_case_is_undecodable(router: RouterInMemory) -> None:
    astray = replace(as_record(submission()), key=b"another")

    with pytest.raises(Undecodable, match="key is not the case id"):
        router.take_record(astray)


def test_only_orders_ask_for_what_is_held(router: RouterInMemory) -> None:
    assert router.routing().wants(as_record(submission()), router.state) == ()


def as_record(event: Event[SubmissionReceived]) -> Record:
    return record(encode(event, SUBMISSION_RECEIVED.name))

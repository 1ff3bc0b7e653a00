"""What a leaf says and what it keeps to itself."""

import hmac
from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain.append import Appended, LogState, append
from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import CompactRange, leaf_hash, root
from services.audit.domain.payload import canonical, commitment, expand, shrink, without_sealed
from services.audit.domain.pending_entry import PendingEntry, Position, fact_of_record, months
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import Opening, Pseudonymizer, seal
from shared.events.case import AnswerGiven, AssignOrdered, CaseAnswered
from shared.events.envelope import Event, Undecodable, encode
from shared.events.payload import Payload, Sealed, SealedRecipient
from shared.events.submission import Assignment, Receipt, SubmissionReceived

SECRECY = Pseudonymizer(b"s" * 32)
CASE = UUID("5b1c9f6e-0000-4000-8000-000000000001")
AT = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
POSITION = Position("submission.received.v1", 3, 42)


def sealed(ciphertext: str = "Y2lwaGVydGV4dA", key: str = "d3JhcHBlZA") -> Sealed:
    recipient = SealedRecipient(header={"alg": "ECDH-ES+A256KW", "kid": "platform"}, encrypted_key=key)
    return Sealed(protected="e30", recipients=(recipient,), iv="aXY", ciphertext=ciphertext, tag="dGFn")


def received(content: Sealed | None = None, traceparent: str | None = None) -> Event[Payload]:
    receipt = Receipt(
        receipt_number="HE-2026-000001",
        received_at=AT,
        client_id="platform",
        service="99050012104000",
        language="de",
        content_hash=f"hmac-sha256:{'0' * 64}",
    )
    return Event(
        id=uuid5(CASE, "received"),
        source="intake",
        time=AT,
        case_id=CASE,
        submission_id=uuid5(CASE, "submission"),
        data=SubmissionReceived(receipt=receipt, content=content or sealed(), contact=sealed("Y29udGFjdA")),
        traceparent=traceparent,
    )


def fact(event: Event[Payload], payloads: tuple[type[Payload], ...] = (SubmissionReceived,)) -> PendingEntry:
    message = encode(event, POSITION.topic)
    return fact_of_record(
        message.value, message.headers, position=POSITION, payloads=payloads, secrecy=SECRECY
    )


def fixed(count: int) -> bytes:
    return bytes(i % 251 for i in range(count))


def appended(*facts: PendingEntry, state: LogState | None = None) -> Appended:
    return append(
        facts, state or LogState(CompactRange(), frozenset(), {}), secrecy=SECRECY, random_bytes=fixed
    )


def simple(number: int, case: str | None = "c" * 32) -> PendingEntry:
    return PendingEntry(
        id=UUID(int=number), type="t", time="2026-01-12T09:30:00.000Z", source="s", payload=b"{}", case=case
    )


TRUE = Leaf(id="e" * 32, type="t", time="2026-01-12T09:30:00.000Z", source="s", commitment="c").to_bytes()


def test_the_first_format_of_a_leaf_is_frozen() -> None:
    traceparent = f"00-{'a' * 32}-{'b' * 16}-01"
    (entry,) = appended(fact(received(traceparent=traceparent))).entries
    assert entry.entry == (
        b'{"case":"693d34352eae3489b7c83026d0d426c9","commitment":"9940e1202c5e0786ba2d93236852f3f34f09de'
        b'f9e888fa8514dcaf9fff79596b","id":"50e9d9935e16e78499f449ae1c8477b7","service":"99050012104000",'
        b'"source":"intake","time":"2026-01-12T09:30:00.000Z","type":"de.amtsweg.SubmissionReceived.v1","'
        b'v":1}'
    )
    assert Leaf.from_bytes(entry.entry) == entry.leaf


def test_the_payload_is_the_event_with_digests_in_place_of_what_is_sealed() -> None:
    payload = orjson.loads(fact(received()).payload)
    assert payload["caseid"] == str(CASE)
    assert payload["data"]["receipt"]["receiptNumber"] == "HE-2026-000001"
    assert set(payload["data"]["content"]) == {"sealed"}
    assert b"Y2lwaGVydGV4dA" not in fact(received()).payload


def test_wrapping_a_sealed_object_anew_leaves_its_digest() -> None:
    rewrapped = sealed(key="b3RoZXI")
    assert fact(received(content=rewrapped)).payload == fact(received()).payload
    assert fact(received(content=sealed("b3RoZXI"))).payload != fact(received()).payload


def test_sealed_objects_are_found_at_any_depth() -> None:
    jwe = {"protected": "a", "ciphertext": "b", "recipients": []}
    assert without_sealed({"list": [{"deep": jwe}], "number": 1}) == {
        "list": [{"deep": without_sealed(jwe)}],
        "number": 1,
    }


def test_a_field_that_a_newer_producer_added_is_committed_to() -> None:
    message = encode(received(), POSITION.topic)
    document = orjson.loads(message.value or b"")
    newer = orjson.dumps({**document, "addedLater": "kept"})
    read = fact_of_record(
        newer, message.headers, position=POSITION, payloads=(SubmissionReceived,), secrecy=SECRECY
    )
    assert orjson.loads(read.payload)["data"]["addedLater"] == "kept"


def test_an_answer_names_its_authority() -> None:
    answered = CaseAnswered(
        authority="g-06531005", own_id="1", answer=AnswerGiven(kind="accepted", given_at=AT)
    )
    event: Event[Payload] = Event(
        id=uuid4(), source="router", time=AT, case_id=CASE, submission_id=CASE, data=answered
    )
    read = fact(event, (CaseAnswered,))
    assert (read.authority, read.service) == ("g-06531005", None)


def test_a_record_that_is_no_event_is_undecodable() -> None:
    with pytest.raises(Undecodable):
        fact_of_record(b"{}", (), position=POSITION, payloads=(SubmissionReceived,), secrecy=SECRECY)


def test_an_endless_source_is_undecodable() -> None:
    message = encode(received(), POSITION.topic)
    headers = [(n, b"x" * 201 if n == "ce_source" else v) for n, v in message.headers]
    with pytest.raises(Undecodable, match="ce_source"):
        fact_of_record(
            message.value, headers, position=POSITION, payloads=(SubmissionReceived,), secrecy=SECRECY
        )


def test_the_disclosed_salt_and_payload_open_the_commitment() -> None:
    (entry,) = appended(fact(received())).entries
    key = appended(fact(received())).new_keys[entry.fact.owner]
    opened = SECRECY.open(entry.sealed or b"", key=key, leaf_id=entry.leaf.id)
    assert hmac.new(opened.salt, opened.payload, "sha256").hexdigest() == entry.leaf.commitment
    assert opened.payload == fact(received()).payload


@pytest.mark.parametrize("part", ["secret", "key", "event", "bytes"])
def test_a_payload_opens_only_with_its_secret_its_key_and_its_event(part: str) -> None:
    event = "e" * 32
    box = seal(Opening(b"s" * 32, b"p"), cipher=SECRECY.cipher(b"k" * 32), leaf_id=event, nonce=b"n" * 12)
    secrecy = Pseudonymizer(b"x" * 32) if part == "secret" else SECRECY
    with pytest.raises(ProofRefused, match="does not open"):
        secrecy.open(
            box + b"x" if part == "bytes" else box,
            key=b"x" * 32 if part == "key" else b"k" * 32,
            leaf_id="f" * 32 if part == "event" else event,
        )


def test_a_case_has_another_pseudonym_in_another_log() -> None:
    assert SECRECY.case(CASE) == SECRECY.case(CASE)
    assert SECRECY.case(CASE) != Pseudonymizer(b"t" * 32).case(CASE)
    assert SECRECY.case(CASE) != SECRECY.actor(str(CASE), "2026-01")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ProofRefused, match="expected 32"):
        Pseudonymizer(b"short")


def test_an_id_that_is_known_or_came_before_is_dropped() -> None:
    state = LogState(CompactRange(), frozenset({UUID(int=1)}), {})
    result = appended(simple(1), simple(2), simple(2), simple(3), state=state)
    assert [(e.index, e.fact.id.int) for e in result.entries] == [(0, 2), (1, 3)]


def test_each_owner_gets_one_key_and_keeps_it() -> None:
    first = appended(simple(1, "a" * 32), simple(2, "a" * 32), simple(3, "b" * 32))
    assert sorted(first.new_keys) == ["a" * 32, "b" * 32]
    again = appended(simple(4, "a" * 32), state=LogState(first.frontier, frozenset(), first.new_keys))
    assert again.new_keys == {}
    assert again.entries[0].index == 3


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(0, 60))
def test_appending_in_two_batches_gives_the_tree_of_one(numbers: list[int], cut: int) -> None:
    facts = [simple(n) for n in numbers]
    first = appended(*facts[:cut])
    known = frozenset(e.fact.id for e in first.entries)
    second = appended(*facts[cut:], state=LogState(first.frontier, known, first.new_keys))
    entries = [e.entry for e in (*first.entries, *second.entries)]
    assert len(entries) == len(set(numbers))
    assert second.frontier.root() == root([leaf_hash(e) for e in entries])


def test_a_leaf_that_would_not_fit_a_bundle_is_refused() -> None:
    with pytest.raises(ProofRefused, match="65535"):
        Leaf(id="e" * 32, type="t" * 65_536, time="", source="", commitment="").to_bytes()


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"[]",
        b"{}",
        b'{"v":2}',
        b'{"v":1}',
        b'{"v":1,"id":"x"}',
        b'{"v":1,"id":7}',
        TRUE.replace(b"e" * 32, b"e" * 33),
    ],
)
def test_what_is_not_a_leaf_of_version_1_is_refused(entry: bytes) -> None:
    with pytest.raises(ProofRefused, match="leaf"):
        Leaf.from_bytes(entry)


def test_a_reader_ignores_what_a_later_writer_added() -> None:
    leaf = Leaf(id="e" * 32, type="t", time="2026-01-12T09:30:00.000Z", source="s", commitment="c")
    later = canonical({**orjson.loads(leaf.to_bytes()), "addedLater": 1})
    assert Leaf.from_bytes(later) == leaf


def test_a_known_submission_cannot_be_found_in_the_log_alone() -> None:
    event = received(traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    entry = appended(fact(event)).entries[0].entry
    known = [event.id, event.case_id, event.submission_id]
    assert not any(form in entry for id_ in known for form in (str(id_).encode(), id_.hex.encode()))
    assert b"a" * 32 not in entry
    assert POSITION.topic.encode() not in entry
    assert Pseudonymizer(b"t" * 32).event(event.id) != SECRECY.event(event.id)


def test_the_events_own_id_its_trace_and_its_place_on_the_bus_are_committed_to() -> None:
    event = received(traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    payload = orjson.loads(fact(event).payload)
    assert payload["id"] == str(event.id)
    assert payload["traceparent"] == event.traceparent
    assert payload["bus"] == {"topic": POSITION.topic, "partition": 3, "offset": 42}


def test_a_leafs_fields_are_those_of_the_event_that_was_validated() -> None:
    message = encode(received(), POSITION.topic)
    document = {**orjson.loads(message.value or b""), "authority": {"not": "validated"}, "actor": "Muster"}
    read = fact_of_record(
        orjson.dumps(document),
        message.headers,
        position=POSITION,
        payloads=(SubmissionReceived,),
        secrecy=SECRECY,
    )
    assert (read.authority, read.actor) == (None, None)


def test_an_order_of_the_desk_has_a_pseudonym_for_each_person_and_month() -> None:
    def ordered(principal: str, at: datetime) -> str | None:
        assignment = Assignment(role="clearing-desk", reason="Ort geklärt", principal=principal)
        event: Event[Payload] = Event(
            id=uuid4(), source="desk", time=at, case_id=CASE, submission_id=CASE,
            data=AssignOrdered(authority="g-06531005", assignment=assignment),
        )  # fmt: skip
        return fact(event, (AssignOrdered,)).actor

    january, february = AT, AT.replace(month=2)
    assert ordered("desk-a", january) == ordered("desk-a", january.replace(day=30)) is not None
    different = {ordered("desk-a", january), ordered("desk-b", january), ordered("desk-a", february)}
    assert len(different) == 3


def test_of_an_erased_case_no_later_payload_is_kept() -> None:
    state = LogState(CompactRange(), frozenset(), {}, frozenset({"a" * 32}))
    result = appended(simple(1, "a" * 32), simple(2, "b" * 32), state=state)
    assert [entry.sealed is None for entry in result.entries] == [True, False]
    assert list(result.new_keys) == ["b" * 32]


@given(st.binary(max_size=3000))
def test_a_payload_is_stored_smaller_and_read_as_it_was(payload: bytes) -> None:
    assert expand(shrink(payload)) == payload


def test_an_events_payload_is_stored_in_less_than_half() -> None:
    payload = fact(received(traceparent=f"00-{'a' * 32}-{'b' * 16}-01")).payload
    assert len(shrink(payload)) < len(payload) / 2


def test_the_months_between_two_instants_include_one_more_on_either_side() -> None:
    december, january = AT.replace(year=2025, month=12), AT
    assert list(months(december, january)) == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_commitments_to_one_payload_differ_by_their_salt() -> None:
    assert commitment(b"a" * 32, b"payload") != commitment(b"b" * 32, b"payload")

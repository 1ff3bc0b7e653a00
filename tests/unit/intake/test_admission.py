from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.admission import (
    Contradiction,
    EntryStanding,
    Publish,
    ReceiptEntry,
    Repeat,
    Resume,
    Running,
    admit,
    enter,
    keyed_hash,
)
from services.intake.domain.submission import HandedIn, Submission

NOW = datetime(2026, 1, 12, 9, 30, 0, 123456, tzinfo=UTC)


def entry(
    body: bytes = b"body", *, client: str = "portal", key: str = "k", now: datetime = NOW
) -> ReceiptEntry:
    handed_in = HandedIn(Submission(service="99050012104000"), content=body)
    return enter(client, key, handed_in, body=body, secret=b"s", now=now)


def found(original: ReceiptEntry, *, taken: bool = False, running: bool = False) -> EntryStanding:
    return EntryStanding(entry=original, taken=taken, running=running)


def test_what_nobody_has_entered_before_is_published() -> None:
    assert admit(entry(), found=None) == Publish(entry())


def test_a_repetition_of_what_was_taken_gives_the_first_entry() -> None:
    later = entry(now=NOW + timedelta(days=1))
    assert admit(later, found=found(entry(), taken=True)) == Repeat(entry())


def test_an_attempt_that_came_to_nothing_is_resumed_with_its_receipt_time() -> None:
    later = entry(now=NOW + timedelta(days=1))
    assert admit(later, found=found(entry())) == Resume(entry())


def test_while_an_attempt_is_under_way_a_repetition_waits() -> None:
    assert admit(entry(), found=found(entry(), running=True)) == Running()


@given(taken=st.booleans(), running=st.booleans())
def test_another_request_under_the_same_key_is_always_a_contradiction(*, taken: bool, running: bool) -> None:
    assert admit(entry(b"other"), found=found(entry(), taken=taken, running=running)) == Contradiction()


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_a_restored_entry_is_distinguished_by_its_content(asked: bytes, entered: bytes) -> None:
    restored = replace(entry(entered), request_hash=None)
    decision = admit(entry(asked), found=found(restored, taken=True))
    assert decision == (Repeat(restored) if asked == entered else Contradiction())


@given(st.text(), st.text(), st.text(), st.text())
def test_the_submission_id_depends_on_client_and_key_alone(
    client: str, key: str, other_client: str, other_key: str
) -> None:
    same = (client, key) == (other_client, other_key)
    one = entry(client=client, key=key, now=NOW)
    other = entry(b"other", client=other_client, key=other_key, now=NOW + timedelta(hours=1))
    assert (one.submission_id == other.submission_id) == same


def test_the_receipt_time_has_the_milliseconds_that_the_event_carries() -> None:
    assert entry().receipt.received_at == NOW.replace(microsecond=123000)


def test_hashes_of_request_and_content_differ_and_depend_on_the_secret() -> None:
    one = entry()
    assert one.receipt.content_hash == keyed_hash(b"body", secret=b"s")
    assert len({one.request_hash, one.receipt.content_hash, keyed_hash(b"body", secret=b"t")}) == 3

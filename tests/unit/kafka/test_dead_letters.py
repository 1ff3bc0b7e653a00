"""A dead letter is known by where it came from; notes say which is done with, and what became of an order."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.topic_names import SEALED_DEAD_LETTER_RETENTION
from shared.events.topics import CATALOGUE, Topic
from shared.kafka.dead_letters import (
    OrderReport,
    Settlements,
    dead_letter,
    is_letter,
    letter_name,
    origin,
    place_of,
    report,
    reported,
    settled,
    superseded,
)
from shared.kafka.records import Message, Record

LETTERS = "router.dead-letter.v1"
OPEN = "case.ordered.v1"
CASE = b"3f0e6b0a-8f2d-5b1c-a7e4-1c2d3e4f5a6b"


def record(*, topic: str = OPEN, value: bytes = b"{}") -> Record:
    return Record(topic, 0, 7, 0, CASE, value)


def written(message: Message, *, offset: int = 17) -> Record:
    return Record(message.topic, 0, offset, 0, message.key, message.value, message.headers)


def failed(cause: Record) -> Record:
    return written(dead_letter(cause, to=LETTERS, kind="internal-error", reason="builtins.KeyError"))


def test_a_letter_says_where_its_record_lies_and_settles_nothing() -> None:
    letter = failed(record())

    assert origin(letter.headers).place == place_of(record())
    assert is_letter(letter)
    assert (settled(letter), reported(letter)) == (None, None)


def test_a_report_says_what_became_of_the_order_and_settles_one_letter() -> None:
    note = written(report(to=LETTERS, order="o-1", outcome="closed", detail="obsolete", settles="t/0/7"))

    assert reported(note) == OrderReport("o-1", "closed", "obsolete")
    assert settled(note) == "t/0/7"
    assert not is_letter(note)


def test_a_report_of_what_changed_nothing_settles_nothing() -> None:
    note = written(report(to=LETTERS, order="o-1", outcome="expired"))

    assert (settled(note), is_letter(note)) == (None, False)


def test_a_letter_whose_place_a_persons_decision_has_taken_is_settled_without_a_report() -> None:
    note = written(superseded(to=LETTERS, place="t/0/7"))

    assert (settled(note), reported(note), is_letter(note)) == ("t/0/7", None, False)


@pytest.mark.parametrize("topic", [t for t in CATALOGUE if not t.per_authority], ids=lambda topic: topic.name)
@given(value=st.binary(min_size=1, max_size=300))
def test_a_letter_of_a_sealed_record_holds_no_copy(topic: Topic, value: bytes) -> None:
    letter = failed(record(topic=topic.name, value=value))

    assert letter.value == (None if topic.sealed else value)
    assert origin(letter.headers).complete is not topic.sealed
    assert origin(letter.headers).length == len(value)


def test_a_letter_lives_no_longer_than_a_record_of_any_topic_with_sealed_data() -> None:
    kept = [t.retention for t in CATALOGUE if t.sealed and t.retention is not None]

    assert min(kept) >= SEALED_DEAD_LETTER_RETENTION


@pytest.mark.parametrize("topic", [t for t in CATALOGUE if not t.per_authority], ids=lambda topic: topic.name)
def test_a_letter_of_a_sealed_record_bears_the_time_of_that_record_and_expires_with_it(topic: Topic) -> None:
    letter = dead_letter(
        Record(topic.name, 0, 7, 1_700_000_000_000, CASE, b"{}"), to=LETTERS, kind="undecodable", reason="?"
    )

    assert letter.timestamp_ms == (1_700_000_000_000 if topic.sealed else None)


@pytest.mark.parametrize("stamp", [0, -1, 2**50], ids=["none", "unknown", "in the future"])
def test_a_letter_of_a_record_without_a_true_time_bears_none_that_is_later_than_now(stamp: int) -> None:
    before = int(time.time() * 1000)
    record_of = Record("submission.received.v1", 0, 7, stamp, None, None, fault="damaged")
    letter = dead_letter(record_of, to=LETTERS, kind="undecodable", reason="?")

    assert letter.timestamp_ms is None or before <= letter.timestamp_ms <= int(time.time() * 1000)


def test_letters_and_notes_on_different_topics_are_put_together_in_any_order() -> None:
    settlements = Settlements()
    note = superseded(to=LETTERS, place="t/0/7")
    settlements.note(Record(note.topic, 0, 17, 1000, note.key, None, note.headers))

    assert settlements.covers("router", "t/0/7", since_ms=1000)
    assert not settlements.covers("router", "t/0/7", since_ms=1001)  # it failed again afterwards
    assert not settlements.covers("notifier", "t/0/7", since_ms=1000)
    assert not settlements.covers("router", "t/0/8", since_ms=1000)


def test_a_letter_is_named_by_its_group_and_topic() -> None:
    assert letter_name("router.dead-letter.v1", 17) == "router:17"
    assert letter_name("router.sealed-dead-letter.v1", 17) == "router:s17"

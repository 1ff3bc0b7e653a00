from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from services.router.adapters.outboxes import Relay
from shared.events import ids
from shared.events.case import AnswerGiven, CaseAnswered
from shared.events.envelope import Undecodable, encode
from shared.events.topics import AUTHORITY_OUTBOX, CASE_ANSWERED
from shared.kafka.records import Record
from tests.support.events import CASE_ID, GIESSEN, RECEIVED_AT, SUBMISSION_ID, event
from tests.support.routing import MemoryState, event_of, record

NOW = datetime(2026, 1, 13, 8, 0, tzinfo=UTC)
NO_VALUE = cast("bytes", None)
"""A header that Kafka carries without a value, whatever the client's types say."""
GRANTED = AnswerGiven(kind="decided", outcome="granted", given_at=RECEIVED_AT)


def outbox_record(own_id: bytes = b"0117/1", *, authority: str = GIESSEN) -> Record:
    written = record(encode(event(GRANTED), AUTHORITY_OUTBOX.for_authority(authority)))
    return with_header(written, "ce_id", own_id)


def with_header(written: Record, name: str, value: bytes) -> Record:
    return replace(written, headers=(*(h for h in written.headers if h[0] != name), (name, value)))


def relayed(written: Record) -> CaseAnswered:
    (message,) = Relay(clock=lambda: NOW).on_record(written, MemoryState())
    data = event_of(message).data
    assert isinstance(data, CaseAnswered)
    return data


def test_an_answer_is_stamped_with_whose_outbox_it_came_from() -> None:
    assert relayed(outbox_record()) == CaseAnswered(authority=GIESSEN, own_id="0117/1", answer=GRANTED)


def test_what_an_authority_says_about_itself_is_not_believed() -> None:
    lying = replace(outbox_record(), value=b'{"authority":"g-06534014",' + GRANTED.to_json()[1:])

    assert relayed(with_header(lying, "ce_source", b"authority/g-06534014")).authority == GIESSEN


def test_a_relayed_answer_has_an_id_of_its_own_and_belongs_to_the_case() -> None:
    (message,) = Relay(clock=lambda: NOW).on_record(outbox_record(), MemoryState())

    told = event_of(message)
    assert (message.topic, message.key) == (CASE_ANSWERED.name, str(CASE_ID).encode())
    assert told.id == ids.answer_id(GIESSEN, "0117/1")
    assert (told.case_id, told.submission_id, told.time) == (CASE_ID, SUBMISSION_ID, NOW)


def test_two_authorities_with_the_same_own_id_do_not_meet() -> None:
    ours, theirs = (
        Relay(clock=lambda: NOW).on_record(outbox_record(authority=a), MemoryState())[0]
        for a in (GIESSEN, "g-06534014")
    )

    assert event_of(ours).id != event_of(theirs).id


def test_a_trace_context_that_is_none_is_not_passed_on() -> None:
    (message,) = Relay(clock=lambda: NOW).on_record(
        with_header(outbox_record(), "traceparent", b"Erika Mustermann"), MemoryState()
    )

    assert b"Erika" not in dict(message.headers)["traceparent"]


@pytest.mark.parametrize(
    ("written", "named"),
    [
        pytest.param(outbox_record(b""), "ce_id", id="without an id"),
        pytest.param(with_header(outbox_record(), "ce_id", NO_VALUE), "ce_id", id="with an id without value"),
        pytest.param(outbox_record(b"x" * 65), "ce_id", id="with an id that is too long"),
        pytest.param(outbox_record("Bescheid für Erika".encode()), "ce_id", id="with an id of free text"),
        pytest.param(replace(outbox_record(), value=None), "no value", id="without a value"),
        pytest.param(replace(outbox_record(), value=b"{"), "document", id="that is no JSON"),
        pytest.param(
            replace(outbox_record(), value=GRANTED.to_json().replace(b'"outcome":"granted",', b"")),
            "AnswerGiven",
            id="that decides without an outcome",
        ),
        pytest.param(
            with_header(outbox_record(), "ce_type", b"de.amtsweg.CaseDecided.v1"),
            "ce_type",
            id="of a foreign type",
        ),
        pytest.param(
            replace(outbox_record(), value=b'{"kind":"accepted","givenAt":"0001-01-01T00:00:00+14:00"}'),
            "givenAt",
            id="given at an instant that other time zones do not have",
        ),
        pytest.param(with_header(outbox_record(), "ce_caseid", b"?"), "ce_caseid", id="about no case"),
    ],
)
def test_a_record_that_is_no_answer_is_undecodable_and_the_text_says_where(
    written: Record, named: str
) -> None:
    with pytest.raises(Undecodable, match=named):
        relayed(written)

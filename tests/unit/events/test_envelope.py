"""Events on the wire: what is written is read again, what is broken is named without its values."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.events.case import CaseAnswered, CaseDecided, RetryOrdered
from shared.events.envelope import Event, Headers, Undecodable, carries, decode, encode, event_type, timestamp
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived
from tests.golden.examples import EXAMPLES
from tests.support.events import ASSIGNMENT, CASE_ID, SUBMISSION_ID, TRACEPARENT, event

ORDER = RetryOrdered(assignment=ASSIGNMENT)
MESSAGE = encode(event(ORDER), "case.ordered.v1")
REQUIRED = ("ce_type", "ce_id", "ce_source", "ce_time", "ce_caseid", "ce_submissionid")

instants = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - Hypothesis takes naive bounds and adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - as above
    # Fixed offsets: Python calls an ambiguous local hour unequal to every instant of another zone.
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
).map(lambda instant: instant.replace(microsecond=instant.microsecond // 1000 * 1000))
payloads = st.sampled_from(list(EXAMPLES.values()))


def changed(name: str, value: bytes | None) -> Headers:
    """The valid headers with one of them replaced, or left out."""
    kept = tuple(header for header in MESSAGE.headers if header[0] != name)
    return kept if value is None else (*kept, (name, value))


def with_a_field_more(value: Any) -> Any:
    """The JSON with an unknown field in every object but a JWE header, whose fields are free (RFC 7516)."""
    if isinstance(value, list):
        return [with_a_field_more(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: v if name == "header" else with_a_field_more(v) for name, v in value.items()}
    return {**kept, "addedLater": [1]}


def replacements(value: Any) -> Iterator[Any]:
    """The JSON with one of its values replaced by a name, or by an object with a name as its key."""
    yield from ("Erika Mustermann", {"Erika Mustermann": 1}, {"Erika Mustermann": {"Erika": 1}})
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in replacements(item))
    if isinstance(value, dict):
        for name, item in value.items():
            yield from ({**value, name: other} for other in replacements(item))


def refusal(value: Any, headers: Headers, payload: type[Payload]) -> str | None:
    """The error with which the value is refused, or None if it is read."""
    try:
        decode(json.dumps(value).encode(), headers, [payload])
    except Undecodable as refused:
        return str(refused)
    return None


@st.composite
def events(draw: st.DrawFn) -> Event[Payload]:
    """Any event at all, with a payload of the golden files."""
    return Event(
        id=draw(st.uuids()),
        source=draw(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200)),
        time=draw(instants),
        case_id=draw(st.uuids()),
        submission_id=draw(st.uuids()),
        data=draw(payloads),
        traceparent=draw(st.none() | st.from_regex(r"00-[1-9a-f]{32}-[1-9a-f]{16}-01", fullmatch=True)),
    )


@given(sent=events())
def test_what_is_written_is_read_again(sent: Event[Payload]) -> None:
    message = encode(sent, "any.topic.v1")
    assert decode(message.value, message.headers, [type(sent.data)]) == sent


def test_the_key_is_the_case_and_the_topic_is_kept() -> None:
    assert (MESSAGE.topic, MESSAGE.key) == ("case.ordered.v1", str(CASE_ID).encode())


def test_the_headers_are_those_of_cloudevents_in_binary_mode() -> None:
    assert dict(MESSAGE.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": str(event(ORDER).id).encode(),
        "ce_source": b"urn:amtsweg:tests",
        "ce_type": b"de.amtsweg.RetryOrdered.v1",
        "ce_time": b"2026-01-12T09:30:00.000Z",
        "ce_caseid": str(CASE_ID).encode(),
        "ce_submissionid": str(SUBMISSION_ID).encode(),
        "content-type": b"application/json",
        "traceparent": TRACEPARENT.encode(),
    }


def test_an_event_outside_a_trace_has_no_traceparent() -> None:
    message = encode(event(ORDER, traceparent=None), "case.ordered.v1")
    assert "traceparent" not in dict(message.headers)
    assert decode(message.value, message.headers, [RetryOrdered]).traceparent is None


def test_a_topic_with_several_types_reads_each_by_its_name() -> None:
    answered = EXAMPLES["CaseAnswered/decided"]
    message = encode(event(answered), "case.answered.v1")
    assert decode(message.value, message.headers, [RetryOrdered, CaseAnswered]).data == answered


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_header_is_named(name: str) -> None:
    with pytest.raises(Undecodable, match=f"^header {name} is missing$"):
        decode(MESSAGE.value, changed(name, None), [RetryOrdered])


@pytest.mark.parametrize("name", REQUIRED)
def test_a_header_that_is_not_utf8_is_named(name: str) -> None:
    with pytest.raises(Undecodable, match=f"^header {name} is not UTF-8$"):
        decode(MESSAGE.value, changed(name, b"\xff\xfe"), [RetryOrdered])


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("ce_id", b"4711", "header ce_id is not a UUID"),
        ("ce_caseid", b"", "header ce_caseid is not a UUID"),
        ("ce_submissionid", b"0" * 31, "header ce_submissionid is not a UUID"),
        ("ce_time", b"yesterday", "header ce_time is not an RFC 3339 instant"),
        ("ce_time", b"2026-01-12T09:30:00", "header ce_time has no offset from UTC"),
        (
            "ce_type",
            b"de.amtsweg.RetryOrdered.v2",
            "header ce_type is not one of the topic's types (de.amtsweg.RetryOrdered.v1)",
        ),
    ],
)
def test_a_malformed_header_is_named_with_what_was_expected(name: str, value: bytes, error: str) -> None:
    with pytest.raises(Undecodable) as refused:
        decode(MESSAGE.value, changed(name, value), [RetryOrdered])
    assert str(refused.value) == error


@given(name=st.sampled_from(REQUIRED[:2] + REQUIRED[3:]), value=st.binary(max_size=60))
def test_a_value_in_the_place_of_a_header_is_refused_and_not_repeated(name: str, value: bytes) -> None:
    with pytest.raises(Undecodable) as refused:
        decode(MESSAGE.value, changed(name, b"Erika-Mustermann-" + value), [RetryOrdered])
    assert "Erika" not in str(refused.value)


NO_TRACES = [
    None,
    b"",
    b"\xff",
    TRACEPARENT.encode() * 1000,
    TRACEPARENT.encode() + b"-Erika-Mustermann",
    TRACEPARENT.upper().encode(),
    b"01" + TRACEPARENT[2:].encode(),
    b"ff" + TRACEPARENT[2:].encode(),
    b"00-" + b"0" * 32 + TRACEPARENT[35:].encode(),
    TRACEPARENT.encode() + b"\n",
]


@pytest.mark.parametrize("value", NO_TRACES, ids=lambda value: repr(value)[:70])
def test_a_malformed_trace_context_costs_the_trace_and_not_the_event(value: bytes | None) -> None:
    kept = [header for header in MESSAGE.headers if header[0] != "traceparent"]
    headers = [*kept, ("traceparent", value)]
    read = decode(MESSAGE.value, headers, [RetryOrdered])  # type: ignore[arg-type] # Kafka's headers may be null
    assert (read.data, read.traceparent) == (ORDER, None)


@pytest.mark.parametrize("name", ["tracestate", "baggage", "dl_topic", "Erika", "", "traceparent\0"])
def test_other_headers_are_left_aside_whatever_they_hold(name: str) -> None:
    others = [(name, b"x" * 1_000_000), (name, b"\xff"), *((f"{name}{n}", b"") for n in range(1000))]
    read = decode(MESSAGE.value, [*others, *MESSAGE.headers, *others], [RetryOrdered])
    assert read == decode(MESSAGE.value, MESSAGE.headers, [RetryOrdered])
    assert encode(read, "case.ordered.v1").headers == MESSAGE.headers


@pytest.mark.parametrize("name", [name for name, _ in MESSAGE.headers if name.startswith("ce_")])
def test_an_attribute_that_is_there_twice_is_named(name: str) -> None:
    value = dict(MESSAGE.headers)[name]
    for second in (value, b"", b"Erika"):
        for headers in ((*MESSAGE.headers, (name, second)), ((name, second), *MESSAGE.headers)):
            with pytest.raises(Undecodable, match=f"^header {name} is there more than once$"):
                decode(MESSAGE.value, headers, [RetryOrdered])


@pytest.mark.parametrize("name", REQUIRED)
def test_an_attribute_is_short(name: str) -> None:
    with pytest.raises(Undecodable, match=rf"^header {name} is longer than 200 bytes$"):
        decode(MESSAGE.value, changed(name, b"0" * 201), [RetryOrdered])


@pytest.mark.parametrize("source", ["", " ", "a b", "a\0b", "a\nb", "Müller", "\u202e"])
def test_a_source_is_printable_ascii(source: str) -> None:
    with pytest.raises(Undecodable, match=r"^header ce_source is not a URI reference$"):
        decode(MESSAGE.value, changed("ce_source", source.encode()), [RetryOrdered])


def test_a_record_without_value_is_refused() -> None:
    with pytest.raises(Undecodable, match="the record has no value"):
        decode(None, MESSAGE.headers, [RetryOrdered])


@given(value=st.binary(max_size=200))
def test_bytes_that_are_not_the_payload_are_refused_without_being_repeated(value: bytes) -> None:
    with pytest.raises(Undecodable) as refused:
        decode(b'{"Erika":' + value, MESSAGE.headers, [RetryOrdered])
    assert "Erika" not in str(refused.value)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_fields_of_a_newer_producer_are_ignored_at_every_depth(name: str) -> None:
    data = EXAMPLES[name]
    newer = json.dumps(with_a_field_more(json.loads(data.to_json()))).encode()
    message = encode(event(data), "any.topic.v1")
    assert b"addedLater" in newer
    assert decode(newer, message.headers, [type(data)]).data == data


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_field_that_the_contract_does_not_know_cannot_be_written(name: str) -> None:
    data = EXAMPLES[name]
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(data).model_validate({**dict(data), "addedByMistake": 1})


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ORDER.assignment = ASSIGNMENT  # type: ignore[misc] # that it is refused is the test


def test_absent_fields_are_left_out_and_names_are_camel_case() -> None:
    assert b"null" not in EXAMPLES["SubmissionReceived/minimal"].to_json()
    assert b'"receiptNumber"' in EXAMPLES["SubmissionReceived/minimal"].to_json()


def test_an_undecodable_payload_names_the_fields_and_not_their_values() -> None:
    value = EXAMPLES["CaseDecided/granted"].to_json().replace(b'"granted"', b'"Erika Mustermann"')
    message = encode(event(EXAMPLES["CaseDecided/granted"]), "case.updated.v1")
    with pytest.raises(Undecodable) as refused:
        decode(value, message.headers, [CaseDecided])
    assert str(refused.value) == "CaseDecided: not valid at outcome"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_error_texts_never_repeat_values_of_the_sender(name: str) -> None:
    data = EXAMPLES[name]
    headers = encode(event(data), "any.topic.v1").headers
    refusals = [refusal(value, headers, type(data)) for value in replacements(json.loads(data.to_json()))]
    assert any(refusals)
    assert not any("Erika" in text for text in refusals if text)


def test_a_header_without_value_counts_as_missing() -> None:
    headers = [(name, None if name == "ce_id" else value) for name, value in MESSAGE.headers]
    with pytest.raises(Undecodable, match="header ce_id is missing"):
        decode(MESSAGE.value, headers, [RetryOrdered])  # type: ignore[arg-type] # Kafka's headers may be null


def test_an_event_tells_which_payload_it_carries() -> None:
    assert carries(event(ORDER), RetryOrdered)
    assert not carries(event(ORDER), CaseDecided)


def test_the_type_names_payload_and_version() -> None:
    assert event_type(SubmissionReceived) == "de.amtsweg.SubmissionReceived.v1"


def test_instants_are_written_in_utc_with_milliseconds() -> None:
    assert timestamp(datetime.fromisoformat("2026-07-01T00:30:00.123456+02:00")) == "2026-06-30T22:30:00.123Z"
    assert timestamp(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"

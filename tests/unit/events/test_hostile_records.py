"""Records of every kind with something impossible in one place: refused with a short reason, whoever reads them."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.audit.domain.pending_entry import Position, fact_of_record
from shared.events.envelope import Headers, Undecodable, decode, encode
from shared.events.payload import Payload
from shared.events.topics import CATALOGUE, Topic
from tests.golden.examples import EXAMPLES
from tests.support.audit import SECRECY
from tests.support.events import event

TOPICS: dict[type[Payload], Topic] = {payload: topic for topic in CATALOGUE for payload in topic.payloads}
RECORDS = {
    name: encode(event(data), TOPICS[type(data)].name)
    for name, data in EXAMPLES.items()
    if type(data) in TOPICS
}
BY_NAME = {topic.name: topic for topic in CATALOGUE}

INSTANTS = [
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "2026-02-30T00:00:00Z",
    "1899-12-31T23:59:59Z",
]
VALUES: list[Any] = [
    None,
    True,
    -1,
    10**30,
    1e308,
    "",
    "\0",
    "\ud800",
    "x" * 5_000,
    [],
    {},
    [[]] * 50,
    ["\0"],
    *INSTANTS,
]
HEADERS = [
    b"",
    b"\0",
    b"\xff",
    b"x" * 100_000,
    b"{}",
    "٢٠٢٦-01-12T09:30:00Z".encode(),
    *(i.encode() for i in INSTANTS),
]
LONGEST_REASON = 2_000


def taken(value: bytes, headers: Headers, topic: Topic) -> bool:
    """Whether it is read as an event, by services and for the log alike; a refusal is short."""
    reason = refusal(value, headers, topic)
    assert len(reason) <= LONGEST_REASON
    return not reason


def refusal(value: bytes, headers: Headers, topic: Topic) -> str:
    """Why it is no event; nothing if it is."""
    place = Position(topic.name, 0, 0)
    try:
        decode(value, headers, topic.payloads)
        if topic.audited:
            fact_of_record(value, headers, position=place, payloads=topic.payloads, secrecy=SECRECY)
    except Undecodable as refused:
        return str(refused)
    return ""


def places(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    members = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for name, inner in members:
        yield from places(inner, (*at, name))


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_record_as_it_should_be_is_taken(name: str) -> None:
    record = RECORDS[name]
    assert taken(record.value or b"", record.headers, BY_NAME[record.topic])


@pytest.mark.parametrize("hostile", HEADERS, ids=lambda value: repr(value[:24]))
def test_a_header_that_holds_anything_breaks_nobody(hostile: bytes) -> None:
    for record in RECORDS.values():
        for number, (name, _) in enumerate(record.headers):
            headers = list(record.headers)
            headers[number] = (name, hostile)
            read = taken(record.value or b"", tuple(headers), BY_NAME[record.topic])
            own = name.startswith("ce_") and name != "ce_specversion"
            assert not (read and own) or (name == "ce_source" and hostile.isascii() and len(hostile) < 50), (
                name
            )


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(sorted(RECORDS)), hostile=st.sampled_from(VALUES), data=st.data())
def test_a_member_that_holds_anything_breaks_nobody(name: str, hostile: Any, data: st.DataObject) -> None:
    record = RECORDS[name]
    document: Any = json.loads(record.value or b"")
    found = list(places(document))
    if not found:
        return
    *way, last = data.draw(st.sampled_from(found))
    inner = document
    for step in way:
        inner = inner[step]
    inner[last] = hostile
    taken(json.dumps(document).encode(), record.headers, BY_NAME[record.topic])


def test_a_record_with_thousands_of_faults_has_a_short_reason_and_costs_little() -> None:
    record = RECORDS["SubmissionReceived/minimal"]
    document = json.loads(record.value or b"")
    document["content"]["recipients"] = [{} for _ in range(60_000)]
    value = json.dumps(document).encode()
    began = time.process_time()
    with pytest.raises(Undecodable) as refused:
        decode(value, record.headers, BY_NAME[record.topic].payloads)
    assert time.process_time() - began < 0.5
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("text", ["\0", "a\0b", "\\\0", "\\\\\0"])
def test_a_text_with_a_character_that_no_store_keeps_is_never_read(text: str) -> None:
    for record in RECORDS.values():
        value = json.dumps(json.loads(record.value or b"") | {"aField": text}).encode()
        with pytest.raises(Undecodable, match="U\\+0000"):
            decode(value, record.headers, BY_NAME[record.topic].payloads)


@pytest.mark.parametrize("text", ["u0000", r"\u0000", r"\\u0000", "\u0001"])
def test_a_text_that_only_looks_like_it_is_read(text: str) -> None:
    for record in RECORDS.values():
        value = json.dumps(json.loads(record.value or b"") | {"aField": text}).encode()
        decode(value, record.headers, BY_NAME[record.topic].payloads)

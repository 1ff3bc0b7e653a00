"""CloudEvents 1.0 on Kafka, binary mode: attributes in ``ce_`` headers, the payload's JSON as value."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Generic, TypeGuard, TypeVar
from uuid import UUID

from pydantic import ValidationError

from shared.events.payload import YEARS, Payload
from shared.events.trace_context import TRACEPARENT, trace_context

P = TypeVar("P", bound=Payload)
P_co = TypeVar("P_co", bound=Payload, covariant=True)
Headers = tuple[tuple[str, bytes], ...]

TYPE_PREFIX = "de.amtsweg."
_MOST_PLACES = 30
_LONGEST_PART = 64
_ATTRIBUTE = "ce_"
LONGEST_ATTRIBUTE = 200
"""In bytes; the longest that we write ourselves has half of it."""

_SOURCE = re.compile(r"[!-~]+")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The escape of U+0000, which PostgreSQL keeps in no text; behind a backslash that is escaped itself it is none."""


class Undecodable(Exception):  # noqa: N818 - the name of the failure in the project's vocabulary
    """The bytes of a record are not an event of its topic; they go to the dead letter unchanged."""


class MessageRefused(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """Kafka will never take this message: it is too large, or malformed. It is certainly on no topic."""


@dataclass(frozen=True, slots=True)
class Message:
    """A record to produce; the partition follows from the key (`shared.kafka`).

    ``timestamp_ms`` (Unix time) counts for the topic's retention; None means the time of sending.
    """

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers = ()
    timestamp_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Generic[P_co]):
    """Something that happened to a case, with the attributes of the record's headers."""

    id: UUID
    source: str
    time: datetime
    case_id: UUID
    submission_id: UUID
    data: P_co
    traceparent: str | None = None


def carries(event: Event[Payload], payload: type[P]) -> TypeGuard[Event[P]]:
    """Return whether the event carries this payload, and narrow its type."""
    return isinstance(event.data, payload)


@lru_cache
def event_type(payload: type[Payload]) -> str:
    """The CloudEvents type of a payload: ``SubmissionReceived`` is ``de.amtsweg.SubmissionReceived.v1``."""
    return f"{TYPE_PREFIX}{payload.__name__}.v1"


def encode(event: Event[Payload], topic: str, *, key: bytes | None = None) -> Message:
    """Return the record that carries the event; without another ``key`` it is the case id."""
    case = id_bytes(event.case_id)
    headers: Headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", id_bytes(event.id)),
        ("ce_source", event.source.encode()),
        ("ce_type", event_type(type(event.data)).encode()),
        ("ce_time", timestamp(event.time).encode()),
        ("ce_caseid", case),
        ("ce_submissionid", id_bytes(event.submission_id)),
        ("content-type", b"application/json"),
    )
    if event.traceparent is not None:
        headers = (*headers, (TRACEPARENT, event.traceparent.encode()))
    return Message(topic, case if key is None else key, event.data.to_json(), headers)


@lru_cache(maxsize=256)  # all that follows from one record bears the same case and submission
def id_bytes(id_: UUID) -> bytes:
    """An id as it stands in headers and keys."""
    return str(id_).encode()


def decode(
    value: bytes | None, headers: Sequence[tuple[str, bytes]], payloads: Sequence[type[Payload]]
) -> Event[Payload]:
    """Read a record of a topic that carries one of these payloads.

    One rule holds for all headers. CloudEvents' attributes (``ce_…``) say what the record is: each is there once, and
    short. A trace context is kept if it is one, and dropped if not. Every other header is left aside, whatever it holds.

    Raises:
        Undecodable: an attribute is missing, malformed, too long or there twice, the type is not one of the topic's,
            or the value is not its JSON. The text names the header or field, never a value.
    """
    attributes = dict(headers)
    if len(attributes) < len(headers):
        _refuse_doubled(headers)
    payload = _payload(_text(attributes, "ce_type"), payloads)
    if value is None:
        raise Undecodable("the record has no value; expected the JSON of an event")
    if b"\\u0000" in value and _NUL.search(value):
        raise Undecodable(f"{payload.__name__}: the character U+0000 is in none of our texts")
    try:
        data = payload.from_json(value)
    except ValidationError as refused:
        raise Undecodable(f"{payload.__name__}: not valid {_where(refused)}") from None
    return Event(
        id=_uuid(attributes, "ce_id"),
        source=_source(attributes),
        time=_instant(attributes, "ce_time"),
        case_id=_uuid(attributes, "ce_caseid"),
        submission_id=_uuid(attributes, "ce_submissionid"),
        data=data,
        traceparent=trace_context(attributes.get(TRACEPARENT)),
    )


@lru_cache(maxsize=64)  # everything that follows from one record has the same instants
def timestamp(instant: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, for example ``2026-01-12T09:30:00.000Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _where(refused: ValidationError) -> str:
    """The invalid places; if there are very many, only their number: listing them takes seconds and megabytes."""
    if refused.error_count() > _MOST_PLACES:
        return f"at {refused.error_count()} places"
    errors = refused.errors(include_url=False, include_context=False, include_input=False)
    places = {".".join(str(part)[:_LONGEST_PART] for part in error["loc"]) or "document" for error in errors}
    return f"at {', '.join(sorted(places))}"


def _payload(name: str, payloads: Sequence[type[Payload]]) -> type[Payload]:
    for payload in payloads:
        if event_type(payload) == name:
            return payload
    expected = ", ".join(map(event_type, payloads))
    raise Undecodable(f"header ce_type is not one of the topic's types ({expected})")


def _refuse_doubled(headers: Sequence[tuple[str, bytes]]) -> None:
    """Two readers could take different ones of two; that is two events in one record."""
    counted = Counter(name for name, _ in headers if name.startswith(_ATTRIBUTE))
    if doubled := sorted(name[:_LONGEST_PART] for name, times in counted.items() if times > 1):
        raise Undecodable(f"header {doubled[0]} is there more than once")


def _text(attributes: dict[str, bytes], name: str) -> str:
    value = attributes.get(name)
    if value is None:  # absent, or sent without a value
        raise Undecodable(f"header {name} is missing")
    if len(value) > LONGEST_ATTRIBUTE:
        raise Undecodable(f"header {name} is longer than {LONGEST_ATTRIBUTE} bytes")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Undecodable(f"header {name} is not UTF-8") from None


def _source(attributes: dict[str, bytes]) -> str:
    source = _text(attributes, "ce_source")
    if not _SOURCE.fullmatch(source):
        raise Undecodable("header ce_source is not a URI reference")
    return source


def _uuid(attributes: dict[str, bytes], name: str) -> UUID:
    try:
        return UUID(_text(attributes, name))
    except ValueError:
        raise Undecodable(f"header {name} is not a UUID") from None


def _instant(attributes: dict[str, bytes], name: str) -> datetime:
    try:
        instant = datetime.fromisoformat(_text(attributes, name))
    except ValueError:
        raise Undecodable(f"header {name} is not an RFC 3339 instant") from None
    if instant.tzinfo is None:
        raise Undecodable(f"header {name} has no offset from UTC")
    if instant.year not in YEARS:
        raise Undecodable(f"header {name} is not an instant of the years {YEARS.start} to {YEARS.stop - 1}")
    return instant

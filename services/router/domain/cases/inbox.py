"""An authority's inbox over HTTP: a place in it, as a text that the authority hands back unread."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from shared.events.envelope import Headers
from shared.strict_json import JsonFault, NotJson, inspect

LONGEST_CURSOR = 24_000
"""Characters; a request's head has room for them, and they hold the places of a provider of 450."""

_LONGEST_OFFSET = 2**63
_UNWRITABLE = frozenset[JsonFault]({"nested-too-deep", "lone-surrogate"})
"""Faults of a document that can be read, but not be written into an answer."""


class BadCursor(Exception):  # noqa: N818 - the cursor is bad, not the program
    """The cursor is not ours, names an inbox that the caller does not serve, or a place that is not written yet."""


class ConsumerInGroup(Exception):  # noqa: N818 - named for what is wrong
    """A Kafka consumer is in the authority's group: it alone moves the position."""

    def __init__(self, authority: str) -> None:
        super().__init__(authority)
        self.authority = authority


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRecord:
    """One record of an inbox, as it lies there; ``offset`` is its place, ``written_ms`` Unix time.

    ``fault`` says why it cannot be read; then ``offset`` is the last place that this covers.
    """

    authority: str
    offset: int
    headers: Headers
    value: bytes
    written_ms: int
    fault: str | None = None

    def header(self, name: str) -> bytes:
        """The header's value, or nothing."""
        return dict(self.headers).get(name, b"")


def event_in(record: InboxRecord) -> tuple[JsonValue, str | None]:
    """The event, or why there is none: what cannot be read must not hide what comes after it."""
    if record.fault is not None:
        return None, record.fault
    found = inspect(record.value)
    if isinstance(found, NotJson) or any(each.fault in _UNWRITABLE for each in found):
        return None, f"offset {record.offset}: the value is not JSON that everybody can read"
    try:
        event: JsonValue = json.loads(record.value)
    except ValueError:  # a number of thousands of digits
        return None, f"offset {record.offset}: the value is not JSON"
    return event, None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """Records in order per authority, and how far they reach: what a commit of this page confirms.

    ``beyond``: the authorities whose inbox ends before the place that was asked for.
    """

    records: tuple[InboxRecord, ...]
    reached: Mapping[str, int]
    beyond: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxStanding:
    """How one inbox stands: ``committed`` is the next unconfirmed place, ``end`` the first that is not written.

    ``waiting`` is an upper bound: marks of transactions take places too.
    """

    authority: str
    committed: int
    end: int
    oldest_waiting_ms: int | None
    consumer: bool

    @property
    def waiting(self) -> int:
        return max(0, self.end - self.committed)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLook:
    """What an authority did at its inbox over HTTP: when it last fetched, and how many of its answers were refused."""

    fetched_at: datetime | None = None
    refused_answers: int = 0


def turns(authorities: Sequence[str], *, limit: int, first: int) -> Iterator[tuple[str, int]]:
    """Which inbox is read next, and how many records at most, until the page is full.

    Each has an equal share before anybody has the rest, and ``first`` says who begins: an inbox that is never confirmed
    hides none of the others that the same principal serves.
    """
    if not authorities:
        return
    begin = first % len(authorities)
    order = [*authorities[begin:], *authorities[:begin]]
    share = max(1, limit // len(order))
    yield from ((each, share) for each in order)
    if len(order) > 1:
        yield from ((each, limit) for each in order)


def write_cursor(places: Mapping[str, int]) -> str:
    """The places as one text."""
    document = json.dumps(dict(sorted(places.items())), separators=(",", ":"))
    return urlsafe_b64encode(document.encode()).decode().rstrip("=")


def read_cursor(text: str, *, served: frozenset[str]) -> dict[str, int]:
    """The places in a cursor.

    Raises:
        BadCursor: it is none, or names an authority that is not served.
    """
    if len(text) > LONGEST_CURSOR:
        raise BadCursor
    try:
        document = json.loads(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise BadCursor from None
    if not isinstance(document, dict) or not served.issuperset(document):
        raise BadCursor
    places = {name: place for name, place in document.items() if _is_place(place)}
    if len(places) != len(document):
        raise BadCursor
    return places


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LONGEST_OFFSET

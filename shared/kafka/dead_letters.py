"""Dead letters: records set aside, with what is known about the failure in added headers.

A small record is kept as it came. Of a larger one, and of every record of a topic with sealed data, the letter says
length and digest, and the record itself stays where it lies, on the topic that it came from: so there is no record
whose dead letter cannot be written, and no copy of what is sealed. A letter of a sealed record bears the time of that
record and expires with it.

A case one of whose records the code failed on stays blocked, also after a restart, until that record has been
replayed or given up. A letter is known by its origin: by this the group that wrote it replays it on an operator's
order, from where the record lies, and by this it is settled.
"""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Literal
from uuid import UUID, uuid5

from shared.events.operation import OperationOutcome, RecordPlace
from shared.events.topic_names import DEAD_LETTER_TOPICS, sealed_dead_letter_topic
from shared.events.topics import SEALED_TOPICS
from shared.kafka.records import Headers, Message, Record

LetterKind = Literal["undecodable", "internal-error"]

PREFIX: Final = "dl_"
SETTLED: Final = "dl_settled"
"""On a record without value in a dead-letter topic: the origin of the dead letter that is done with."""

ORDER: Final = "dl_order"
"""On a record without value in a dead-letter topic: the id of the operator's order that it tells about."""

OUTCOME: Final = "dl_outcome"
DETAIL: Final = "dl_detail"

MAX_KEPT_BYTES: Final = 64 * 1024
"""The largest value that a dead letter holds itself."""

_MAX_HEADERS_BYTES: Final = 16 * 1024
_MAX_KEY_BYTES: Final = 256
_MAX_REASON: Final = 1000
_LETTERS: Final = UUID("0f0f6c55-41a5-5c0e-9a54-6b8f4d1f2a6e")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a dead letter came from, and why it is one.

    ``length`` and ``digest`` (SHA-256) are of the value as it came; ``complete`` tells whether the letter holds it.
    ``id`` is the same however often the letter is written.
    """

    id: str
    topic: str
    partition: int
    offset: int
    kind: str
    reason: str
    attempts: int
    first_failure_ms: int
    software: str
    length: int
    digest: str
    complete: bool
    headers: Headers

    @property
    def place(self) -> str:
        """Where the record lies, as ``topic/partition/offset``: by this its letter is settled."""
        return f"{self.topic}/{self.partition}/{self.offset}"


def dead_letter(
    record: Record,
    *,
    to: str,
    kind: LetterKind,
    reason: str,
    attempts: int = 1,
    first_failure_ms: int | None = None,
) -> Message:
    """Return the dead letter of a record: what happened, and of the record what there is room for.

    ``reason`` must quote nothing of the content (see ``logs.describe``).
    """
    first = int(time.time() * 1000) if first_failure_ms is None else first_failure_ms
    value = record.value or b""
    sealed = record.topic in SEALED_TOPICS
    complete = len(value) <= MAX_KEPT_BYTES and not sealed
    kept = _kept(record.headers)
    added = {
        "id": uuid5(_LETTERS, f"{to}/{record.topic}/{record.partition}/{record.offset}"),
        "kind": kind,
        "reason": reason[:_MAX_REASON],
        "attempts": attempts,
        "first_failure_ms": first,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "software": version("amtsweg"),
        "length": -1 if record.value is None else len(value),
        "digest": hashlib.sha256(value).hexdigest(),
        "complete": "yes" if complete else "no",
        "headers_left_out": len(record.headers) - len(kept),
    }
    return Message(
        to,
        letter_key(record.key),
        record.value if complete else None,
        (*kept, *((PREFIX + name, str(value).encode()) for name, value in added.items())),
        min(record.timestamp_ms, int(time.time() * 1000)) if sealed and record.timestamp_ms > 0 else None,
    )


def letter_key(key: bytes | None) -> bytes:
    """The key of a record's dead letter: its own, or the digest of one that is longer than any id."""
    key = key or b""
    return key if len(key) <= _MAX_KEY_BYTES else b"sha256:" + hashlib.sha256(key).hexdigest().encode()


def _kept(headers: Headers) -> Headers:
    """The record's own headers, in their order, as many as there is room for."""
    kept, room = [], _MAX_HEADERS_BYTES
    for name, value in headers:
        room -= len(name.encode()) + len(value or b"") + 8
        if room < 0:
            break
        if not name.startswith(PREFIX):
            kept.append((name, value))
    return tuple(kept)


def origin(headers: Iterable[tuple[str, bytes]]) -> Origin:
    """Read the added headers of a dead letter.

    Raises:
        ValueError: this is not a dead letter.
    """
    headers = tuple(headers)
    added = {name: value.decode() for name, value in headers if name.startswith(PREFIX)}
    try:
        return Origin(
            id=added["dl_id"],
            topic=added["dl_topic"],
            partition=int(added["dl_partition"]),
            offset=int(added["dl_offset"]),
            kind=added["dl_kind"],
            reason=added["dl_reason"],
            attempts=int(added["dl_attempts"]),
            first_failure_ms=int(added["dl_first_failure_ms"]),
            software=added["dl_software"],
            length=int(added["dl_length"]),
            digest=added["dl_digest"],
            complete=added["dl_complete"] == "yes",
            headers=tuple((n, v) for n, v in headers if not n.startswith(PREFIX)),
        )
    except KeyError as missing:
        raise ValueError(f"not a dead letter: header {missing.args[0]} is missing") from None


def letter_name(topic: str, offset: int) -> str:
    """How a dead letter is called: ``router:17``, and ``router:s17`` on the topic for sealed records."""
    group = DEAD_LETTER_TOPICS[topic]
    return f"{group}:{'s' if topic == sealed_dead_letter_topic(group) else ''}{offset}"


def place_of(record: Record) -> str:
    """Where a record lies, as its dead letter and whatever settles that name it."""
    return f"{record.topic}/{record.partition}/{record.offset}"


def place_named(name: str) -> RecordPlace:
    """The place that `place_of` has named so."""
    topic, partition, offset = name.rsplit("/", 2)
    return RecordPlace(topic=topic, partition=int(partition), offset=int(offset))


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What became of an operator's order, as a note among the letters of the group says it."""

    order: str
    outcome: str
    detail: str


def report(
    *, to: str, order: str, outcome: OperationOutcome, detail: str = "", settles: str | None = None
) -> Message:
    """The note that says what became of an order, and which letter is done with by it."""
    headers = [
        (ORDER, order.encode()),
        (OUTCOME, outcome.encode()),
        (DETAIL, detail[:_MAX_REASON].encode()),
    ]
    return Message(to, order.encode(), None, (*headers, *_settling(settles)))


def superseded(*, to: str, place: str) -> Message:
    """The note that a letter is done with because a person's decision has taken its record's place."""
    return Message(to, place.encode(), None, _settling(place))


def _settling(place: str | None) -> Headers:
    return () if place is None else ((SETTLED, place.encode()),)


def reported(record: Record) -> OrderReport | None:
    """What this note says about an order; None for what is no such note."""
    headers = dict(record.headers)
    if (order := headers.get(ORDER)) is None:
        return None
    return OrderReport(order.decode(), headers[OUTCOME].decode(), headers[DETAIL].decode())


class Settlements:
    """When each letter was last settled.

    A letter and the note that settles it may lie on different topics, so the order of reading says nothing.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}

    def note(self, record: Record) -> str | None:
        """Take in a record of a dead-letter topic; the origin of the letter that it settles, if it settles one."""
        place = settled(record)
        if place is not None:
            at = (DEAD_LETTER_TOPICS[record.topic], place)
            self._last[at] = max(record.timestamp_ms, self._last.get(at, 0))
        return place

    def covers(self, group: str, place: str, *, since_ms: int) -> bool:
        """Whether the group's letter of this origin, whose record first failed then, is done with."""
        return self._last.get((group, place), -1) >= since_ms


def is_letter(record: Record) -> bool:
    """Whether this is a letter, and not a note about one or about an order."""
    return not dict(record.headers).keys() & {SETTLED, ORDER}


def settled(record: Record) -> str | None:
    """The origin of the dead letter that this note settles; None for what settles none."""
    place = dict(record.headers).get(SETTLED)
    return None if place is None else place.decode()

"""Dead letters: records set aside, with what is known about the failure in added headers.

A small record is kept as it came. Of a larger one the letter says length and digest, and the record itself stays where
it lies, on the topic that it came from: so there is no record whose dead letter cannot be written.

A case one of whose records the code failed on stays blocked, also after a restart, until that record has been
replayed or given up. A letter is known by its origin: by this it is replayed, for the group that wrote it and for no
other, and by this it is settled.
"""

import hashlib
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Literal
from uuid import UUID, uuid5

from shared.kafka.records import Headers, Message, Record

Kind = Literal["undecodable", "internal-error"]

PREFIX: Final = "dl_"
REPLAY_GROUP: Final = "dl_replay_group"
"""On a record sent again by the operator: the group whose dead letter it is. No other group takes it for a replay."""

REPLAY_ORIGIN: Final = "dl_replay_origin"
"""On the same record: where its dead letter came from, as ``topic/partition/offset``."""

SETTLED: Final = "dl_settled"
"""On a record without value in a dead-letter topic: the origin of the dead letter that is done with."""

MAX_KEPT_BYTES: Final = 64 * 1024
"""The largest value that a dead letter holds itself."""

_MAX_HEADERS_BYTES: Final = 16 * 1024
_MAX_KEY_BYTES: Final = 256
_MAX_REASON: Final = 1000
_LETTERS: Final = UUID("0f0f6c55-41a5-5c0e-9a54-6b8f4d1f2a6e")
_OFFSET: Final = re.compile(rb"[0-9]{1,18}")


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
    kind: Kind,
    reason: str,
    attempts: int = 1,
    first_failure_ms: int | None = None,
) -> Message:
    """Return the dead letter of a record: what happened, and of the record what there is room for.

    ``reason`` must quote nothing of the content (see ``logs.describe``).
    """
    first = int(time.time() * 1000) if first_failure_ms is None else first_failure_ms
    value = record.value or b""
    complete = len(value) <= MAX_KEPT_BYTES
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


def replayed(letter: Record, *, group: str) -> Message:
    """The record to send to its origin's topic again for this group; its dead letter is settled when it has passed."""
    came_from = origin(letter.headers)
    return Message(
        came_from.topic,
        letter.key or b"",
        letter.value,
        (
            *came_from.headers,
            (REPLAY_GROUP, group.encode()),
            (REPLAY_ORIGIN, came_from.place.encode()),
        ),
    )


def place_of(record: Record) -> str:
    """Where a record lies, as its dead letter and whatever settles that name it."""
    return f"{record.topic}/{record.partition}/{record.offset}"


def replay_origin(record: Record, *, group: str) -> str | None:
    """The origin of the dead letter of this group that this record replays; None for a record that is no replay.

    Whoever writes into a topic may write any header: a claim counts only for letters from that very partition.
    """
    headers = dict(record.headers)
    place = headers.get(REPLAY_ORIGIN) or b""  # a header may lack its value
    if not place or headers.get(REPLAY_GROUP) != group.encode():
        return None
    topic, _, offset = place.rpartition(b"/")
    own = topic == f"{record.topic}/{record.partition}".encode()
    return place.decode() if own and _OFFSET.fullmatch(offset) else None


def settling(record: Record, *, group: str, to: str) -> Message | None:
    """The note that a replayed record is done with; None for a record that is no replay of this group."""
    place = replay_origin(record, group=group)
    return None if place is None else Message(to, letter_key(record.key), None, ((SETTLED, place.encode()),))


def settled(record: Record) -> str | None:
    """The origin of the dead letter that this note settles; None for a letter."""
    place = dict(record.headers).get(SETTLED)
    return None if place is None else place.decode()

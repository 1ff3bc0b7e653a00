"""Dead letters: records set aside unchanged, with what is known about the failure in added headers.

The topic is also the memory of what is not settled: a case one of whose records the code failed on stays
blocked, here and after a restart, until that record has been replayed or given up.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Literal

from shared.kafka.records import Headers, Message, Record

Kind = Literal["undecodable", "internal-error"]

PREFIX: Final = "dl_"
REPLAY: Final = "dl_replay"
"""On a record sent again by the operator: the offset of its dead letter. It is tried although its case is blocked."""

REPLAY_ORIGIN: Final = "dl_replay_origin"
"""On the same record: where its dead letter came from, as ``topic/partition/offset``."""

SETTLED: Final = "dl_settled"
"""On a record without value in a dead-letter topic: the offset of the dead letter that is done with."""

SETTLED_TOPIC: Final = "dl_settled_topic"
"""On the same record: the topic that this dead letter came from. Nobody settles another topic's letters."""

_OFFSET: Final = re.compile(rb"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a dead letter came from, and why it is one."""

    topic: str
    partition: int
    offset: int
    kind: str
    reason: str
    attempts: int
    first_failure_ms: int
    software: str
    headers: Headers


def dead_letter(
    record: Record,
    *,
    to: str,
    kind: Kind,
    reason: str,
    attempts: int = 1,
    first_failure_ms: int | None = None,
) -> Message:
    """Return the dead letter of a record: key, value and headers kept, what happened added.

    ``reason`` must quote nothing of the content (see ``logs.describe``).
    """
    first = int(time.time() * 1000) if first_failure_ms is None else first_failure_ms
    added = {
        "kind": kind,
        "reason": reason,
        "attempts": attempts,
        "first_failure_ms": first,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "software": version("amtsweg"),
    }
    kept = tuple((name, value) for name, value in record.headers if not name.startswith(PREFIX))
    return Message(
        to,
        record.key or b"",
        record.value,
        (*kept, *((PREFIX + name, str(value).encode()) for name, value in added.items())),
    )


def origin(headers: Iterable[tuple[str, bytes]]) -> Origin:
    """Read the added headers of a dead letter.

    Raises:
        ValueError: this is not a dead letter.
    """
    headers = tuple(headers)
    added = {name: value.decode() for name, value in headers if name.startswith(PREFIX)}
    try:
        return Origin(
            topic=added["dl_topic"],
            partition=int(added["dl_partition"]),
            offset=int(added["dl_offset"]),
            kind=added["dl_kind"],
            reason=added["dl_reason"],
            attempts=int(added["dl_attempts"]),
            first_failure_ms=int(added["dl_first_failure_ms"]),
            software=added["dl_software"],
            headers=tuple((n, v) for n, v in headers if not n.startswith(PREFIX)),
        )
    except KeyError as missing:
        raise ValueError(f"not a dead letter: header {missing.args[0]} is missing") from None


def replayed(letter: Record) -> Message:
    """The record to send to its origin's topic again; its dead letter is settled when it has passed."""
    came_from = origin(letter.headers)
    place = f"{came_from.topic}/{came_from.partition}/{came_from.offset}"
    return Message(
        came_from.topic,
        letter.key or b"",
        letter.value,
        (
            *came_from.headers,
            (REPLAY, str(letter.offset).encode()),
            (REPLAY_ORIGIN, place.encode()),
        ),
    )


def is_replay(record: Record) -> bool:
    """Whether the operator sent this record again."""
    return _letter(record) is not None


def settling(record: Record, *, to: str) -> Message | None:
    """The note that a replayed record is done with; None for a record that is no replay."""
    letter = _letter(record)
    if letter is None:
        return None
    return Message(to, record.key or b"", None, ((SETTLED, letter), (SETTLED_TOPIC, record.topic.encode())))


def settled(record: Record) -> tuple[int, str] | None:
    """The offset of the dead letter that this note settles, and the topic it came from; None for a letter."""
    headers = dict(record.headers)
    if SETTLED not in headers:
        return None
    return int(headers[SETTLED]), headers.get(SETTLED_TOPIC, b"").decode()


def _letter(record: Record) -> bytes | None:
    """The offset of the dead letter that this record replays.

    An authority may write any header into its own topic: a claim counts only for letters from that very topic.
    """
    headers = dict(record.headers)
    # A header may lack its value.
    letter, place = headers.get(REPLAY) or b"", headers.get(REPLAY_ORIGIN) or b""
    topic, _, offset = place.rpartition(b"/")
    own = topic == f"{record.topic}/{record.partition}".encode()
    return letter if own and _OFFSET.fullmatch(offset) and _OFFSET.fullmatch(letter) else None


class Blocked:
    """The keys with unsettled dead letters of kind ``internal-error``, read from the dead-letter topic."""

    def __init__(self) -> None:
        self._open: dict[bytes, dict[int, str]] = {}

    def holds(self, record: Record, *, own_topic: bool) -> bool:
        """Whether a dead letter of the record's key is unsettled; with ``own_topic`` one that came from its topic.

        Where strangers write, a key is what they say: it must not hold back what others write.
        """
        topics = self._open.get(record.key, {}).values() if record.key is not None else ()
        return record.topic in topics if own_topic else bool(topics)

    def note(self, record: Record) -> None:
        """Take in one record of the dead-letter topic."""
        headers = dict(record.headers)
        key = record.key or b""
        if headers.get("dl_kind") == b"internal-error":
            self._open.setdefault(key, {})[record.offset] = headers["dl_topic"].decode()
        elif (done := settled(record)) is not None:
            offset, topic = done
            letters = self._open.get(key, {})
            if letters.get(offset) == topic:
                del letters[offset]
            if not letters:
                self._open.pop(key, None)

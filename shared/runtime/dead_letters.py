"""Dead letters: records set aside unchanged, with what is known about the failure in added headers.

The topic is also the memory of what is not settled: a case one of whose records the code failed on stays
blocked, here and after a restart, until that record has been replayed or given up.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Literal

from shared.runtime.records import Headers, Message, Record

Kind = Literal["undecodable", "internal-error"]

PREFIX: Final = "dl_"
REPLAY: Final = "dl_replay"
"""On a record sent again by the operator: the offset of its dead letter. It is tried although its case is blocked."""

REPLAY_ORIGIN: Final = "dl_replay_origin"
"""On the same record: where its dead letter came from, as ``topic/partition/offset``."""

SETTLED: Final = "dl_settled"
"""On a record without value in a dead-letter topic: the offset of the dead letter that is done with."""


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
    return any(name == REPLAY for name, _ in record.headers)


def settling(record: Record, *, to: str) -> Message | None:
    """The note that a replayed record is done with; None for a record that is no replay."""
    for name, value in record.headers:
        if name == REPLAY:
            return Message(to, record.key or b"", None, ((SETTLED, value),))
    return None


class Blocked:
    """The keys with unsettled dead letters of kind ``internal-error``, read from the dead-letter topic."""

    def __init__(self) -> None:
        self._open: dict[bytes, set[int]] = {}

    def __contains__(self, key: bytes | None) -> bool:
        return key in self._open

    def note(self, record: Record) -> None:
        """Take in one record of the dead-letter topic."""
        headers = dict(record.headers)
        key = record.key or b""
        if headers.get("dl_kind") == b"internal-error":
            self._open.setdefault(key, set()).add(record.offset)
        elif (settled := headers.get(SETTLED)) is not None and key in self._open:
            self._open[key].discard(int(settled))
            if not self._open[key]:
                del self._open[key]

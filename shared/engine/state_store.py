"""The states of one partition in memory, as in the state stores of Kafka Streams.

The compacted topic is the source of truth and memory its copy; a batch changes an overlay that is merged only after a
confirmed commit. The same topic holds the engine's own states under keys of their own: how far each input has been
read, and which keys are blocked. So everything has one writer and is committed in one transaction.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import orjson
from aiokafka.structs import TopicPartition

from shared.kafka.records import Record

ENGINE_KEYS: Final = "engine/"
"""Prefix of the engine's own keys on the state topic."""

POSITIONS: Final = ENGINE_KEYS + "positions"
TOPIC_IDS: Final = ENGINE_KEYS + "topic-ids"
LEFT_OUT: Final = ENGINE_KEYS + "left-out"
_BLOCKING: Final = ENGINE_KEYS + "blocked/"
_UNREAD: Final = ENGINE_KEYS + "unread/"
_KEPT_SECONDS: Final = 3600.0


class StateStore:
    """The committed states of one unit, and up to which offset of the state topic they are complete."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.states: dict[str, bytes] = {}
        self.position = 0
        self._engine: dict[str, bytes] = {}
        self._blocked: dict[bytes, dict[str, None]] = {}
        self._touched = time.monotonic()

    def restorable_from(self) -> int:
        """The offset from which to restore; after an hour without a change everything is read again.

        Kafka removes tombstones after a day, so that an old copy would miss deletions.
        """
        if time.monotonic() - self._touched > _KEPT_SECONDS:
            self._clear()
        return self.position

    def restored(self, record: Record) -> None:
        """Apply a committed record of the state topic."""
        self.merge({(record.key or b"").decode(): record.value}, position=record.offset + 1)

    def merge(self, changes: Mapping[str, bytes | None], *, position: int | None) -> None:
        """Apply the changes of a committed transaction; ``position`` is the offset after its last record."""
        self._touched = time.monotonic()
        for key, value in changes.items():
            states = self._engine if key.startswith(ENGINE_KEYS) else self.states
            before = states.pop(key, None)
            if value is not None:
                states[key] = value
            if key.startswith(_BLOCKING):
                self._block(key, before, value)
        if position is not None:
            self.position = max(self.position, position)

    def positions(self) -> dict[TopicPartition, int] | None:
        """The next offsets of the inputs; None if nothing has ever been committed."""
        stored = self._engine.get(POSITIONS)
        if stored is None:
            return None
        return {TopicPartition(topic, partition): at for topic, partition, at in orjson.loads(stored)}

    def topic_ids(self) -> dict[str, UUID]:
        """By name, the ids of the topics to which the positions refer."""
        stored = self._engine.get(TOPIC_IDS)
        return {} if stored is None else {name: UUID(id_) for name, id_ in orjson.loads(stored).items()}

    def left_out(self) -> frozenset[int]:
        """The last offsets of the batches on the state topic without which an operator has ordered to go on."""
        stored = self._engine.get(LEFT_OUT)
        return frozenset() if stored is None else frozenset(orjson.loads(stored))

    @property
    def any_blocked(self) -> bool:
        """Whether any key is blocked."""
        return bool(self._blocked)

    def blocks(self, key: bytes) -> Sequence[str]:
        """The origins of the unsettled dead letters of this key, the oldest first."""
        return tuple(self._blocked.get(key, ()))

    def engine_state(self, key: str) -> bytes | None:
        """The value of one of the engine's own keys."""
        return self._engine.get(key)

    def _block(self, name: str, before: bytes | None, key: bytes | None) -> None:
        origin = name.removeprefix(_BLOCKING)
        if before is not None:
            origins = self._blocked[before]
            del origins[origin]
            if not origins:
                del self._blocked[before]
        if key is not None:
            self._blocked.setdefault(key, {})[origin] = None


def positions_state(positions: Mapping[TopicPartition, int]) -> bytes:
    """The value under ``POSITIONS``."""
    return orjson.dumps([[tp.topic, tp.partition, at] for tp, at in sorted(positions.items())])


def topic_ids_state(ids: Mapping[str, UUID]) -> bytes:
    """The value under ``TOPIC_IDS``."""
    return orjson.dumps({name: str(id_) for name, id_ in sorted(ids.items())})


def left_out_state(offsets: Iterable[int]) -> bytes:
    """The value under ``LEFT_OUT``."""
    return orjson.dumps(sorted(offsets))


def blocking_key(origin: str) -> str:
    """The engine's key that says that the dead letter of this origin (``topic/partition/offset``) blocks its record's key."""
    return _BLOCKING + origin


def is_blocking(name: str) -> bool:
    """Return whether ``blocking_key`` made this key."""
    return name.startswith(_BLOCKING)


def origin_of(name: str) -> str:
    """The inverse of ``blocking_key``."""
    return name.removeprefix(_BLOCKING)


def unread_key(origin: str) -> str:
    """The engine's key that says that the dead letter of this origin is unsettled but blocks nothing."""
    return _UNREAD + origin


class Overlay:
    """The changes of one batch over the committed states.

    An exception within ``savepoint`` undoes the changes made there, so that a failed record leaves none.
    """

    def __init__(self, committed: Mapping[str, bytes]) -> None:
        self._committed = committed
        self.fetched: Mapping[str, Record] = {}
        self.changes: dict[str, bytes | None] = {}
        self.superseded: list[str] = []
        self._undo: list[tuple[str, bool, bytes | None]] | None = None

    def get(self, key: str) -> bytes | None:
        """Return the state of this key, or None."""
        if key in self.changes:
            return self.changes[key]
        return self._committed.get(key)

    def put(self, key: str, value: bytes) -> None:
        """Set the state of this key."""
        self._change(key, value)

    def delete(self, key: str) -> None:
        """Remove the key; its tombstone goes to the state topic."""
        self._change(key, None)

    def held(self, key: str) -> Record | None:
        """Return the looked-up object with this key, if it was asked for and is there."""
        return self.fetched.get(key)

    def supersede(self, topic: str) -> None:
        """Settle the key's dead letters from this topic, because this record's decision replaces theirs."""
        self.superseded.append(topic)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo the changes made inside if an exception leaves it."""
        undo: list[tuple[str, bool, bytes | None]] = []
        self._undo = undo
        self.superseded = []
        try:
            yield
        except BaseException:
            for key, was_changed, value in reversed(undo):
                if was_changed:
                    self.changes[key] = value
                else:
                    del self.changes[key]
            raise
        finally:
            self._undo = None

    def _change(self, key: str, value: bytes | None) -> None:
        if self._undo is not None:
            self._undo.append((key, key in self.changes, self.changes.get(key)))
        self.changes[key] = value

"""A partition's states in memory, as Kafka's own state stores keep them.

The compacted topic is the truth and memory its copy; a batch changes an overlay that is merged only after a
confirmed commit. Beside the service's states lie the engine's own under keys of their own: how far each input has
been read, and which keys are blocked. So all of it has one writer and is committed in one transaction.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import orjson
from aiokafka.structs import TopicPartition

from shared.kafka.records import Record

ENGINE_KEYS: Final = "engine/"
"""Keys of the state topic that begin so are the engine's own."""

POSITIONS: Final = ENGINE_KEYS + "positions"
TOPIC_IDS: Final = ENGINE_KEYS + "topic-ids"
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
        """The offset from which to read on; after a long absence everything is read anew.

        Tombstones are compacted away after a day, so that what was deleted meanwhile would be missed.
        """
        if time.monotonic() - self._touched > _KEPT_SECONDS:
            self._clear()
        return self.position

    def restored(self, record: Record) -> None:
        """Take in a committed record of the state topic."""
        self.merge({(record.key or b"").decode(): record.value}, position=record.offset + 1)

    def merge(self, changes: Mapping[str, bytes | None], *, position: int | None) -> None:
        """Take in what a committed transaction changed; ``position`` is the offset after its last record."""
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
        """How far the inputs have been read; None where nothing has ever been committed."""
        stored = self._engine.get(POSITIONS)
        if stored is None:
            return None
        return {TopicPartition(topic, partition): at for topic, partition, at in orjson.loads(stored)}

    def topic_ids(self) -> dict[str, UUID]:
        """Which topics the positions are about, by name."""
        stored = self._engine.get(TOPIC_IDS)
        return {} if stored is None else {name: UUID(id_) for name, id_ in orjson.loads(stored).items()}

    @property
    def any_blocked(self) -> bool:
        """Whether any key is blocked."""
        return bool(self._blocked)

    def blocks(self, key: bytes) -> Sequence[str]:
        """The origins of the unsettled dead letters of this key, the oldest first."""
        return tuple(self._blocked.get(key, ()))

    def engine_state(self, key: str) -> bytes | None:
        """What is kept under a key of the engine's own."""
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


def blocking_key(origin: str) -> str:
    """Where it is kept that the dead letter of this origin (``topic/partition/offset``) blocks its key."""
    return _BLOCKING + origin


def is_blocking(name: str) -> bool:
    """Whether this is a key that ``blocking_key`` gives."""
    return name.startswith(_BLOCKING)


def origin_of(name: str) -> str:
    """The inverse of ``blocking_key``."""
    return name.removeprefix(_BLOCKING)


def unread_key(origin: str) -> str:
    """Where it is kept that the dead letter of this origin is unsettled and blocks nothing."""
    return _UNREAD + origin


class Overlay:
    """The changes of one batch over the committed states.

    Within ``savepoint`` an exception undoes what was changed since, so that one record's failure leaves
    nothing of it behind.
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
        """What this record decides takes the place of the key's dead letters from this topic."""
        self.superseded.append(topic)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is changed inside if it raises."""
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

"""A partition's case states in memory, as Kafka's own state stores keep them.

The compacted topic is the truth and memory its copy; a batch changes an overlay that is merged only after a
confirmed commit.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from shared.kafka.records import Record


class Overlay:
    """The changes of one batch over the committed states.

    Within ``savepoint`` an exception undoes what was changed since, so that one record's failure leaves
    nothing of it behind.
    """

    def __init__(self, committed: Mapping[str, bytes]) -> None:
        self._committed = committed
        self.fetched: Mapping[str, Record] = {}
        self.changes: dict[str, bytes | None] = {}
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
        """Return the object of the lookup with this key, if it was asked for and is there."""
        return self.fetched.get(key)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is changed inside if it raises."""
        undo: list[tuple[str, bool, bytes | None]] = []
        self._undo = undo
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


def merge(committed: dict[str, bytes], changes: Mapping[str, bytes | None]) -> None:
    """Make the overlay's changes part of the committed states."""
    for key, value in changes.items():
        if value is None:
            committed.pop(key, None)
        else:
            committed[key] = value

"""What becomes of a record that fails (design: three kinds), decided in one place for all engines.

Undecodable: dead letter. Unavailable: not acknowledged, tried again after a growing pause. Anything else:
after two failures the record is tried alone, and after the third it is a dead letter. Above a limit the
consumer stops, so that a bad release cannot move everything there.
"""

import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from shared.errors import Stopped
from shared.kafka.records import Record

FAILURES_BEFORE_ALONE: Final = 2
FAILURES_BEFORE_DEAD_LETTER: Final = 3


@dataclass(slots=True)
class RecordFailures:
    """What is held against one record."""

    failures: int
    first_ms: int
    reason: str


class FailureCounts:
    """Records that the code has failed on; kept across sessions, forgotten at a restart."""

    def __init__(self) -> None:
        self._suspicions: dict[tuple[str, int, int], RecordFailures] = {}

    def failed(self, record: Record, *, reason: str) -> RecordFailures:
        """Count a failure of this record."""
        suspicion = self._suspicions.setdefault(
            _place(record), RecordFailures(0, int(time.time() * 1000), reason)
        )
        suspicion.failures += 1
        suspicion.reason = reason
        return suspicion

    def of(self, record: Record) -> RecordFailures | None:
        """What is held against this record, if anything."""
        return self._suspicions.get(_place(record)) if self._suspicions else None

    def passed(self, record: Record) -> None:
        """The record is done with, this way or that."""
        if self._suspicions:
            self._suspicions.pop(_place(record), None)

    def isolated(self, records: list[Record]) -> list[Record]:
        """The beginning of a batch that may be tried together: a record twice failed is tried alone."""
        for index, record in enumerate(records if self._suspicions else ()):
            suspicion = self.of(record)
            if suspicion is not None and suspicion.failures >= FAILURES_BEFORE_ALONE:
                return records[: index or 1]
        return records


class DeadLetterLimit:
    """How many dead letters are still single mishaps.

    Raises ``Stopped`` from ``note`` when ``consecutive`` records in a row, or more than ``ratio`` of the last
    ``window`` records, are dead letters; small numbers are judged by the first rule alone.
    """

    def __init__(self, *, consecutive: int = 20, ratio: float = 0.2, window: int = 500) -> None:
        self._consecutive = consecutive
        self._ratio = ratio
        self._recent: deque[bool] = deque(maxlen=window)
        self._in_a_row = 0

    def note(self, *, dead: bool) -> None:
        """Take in what became of the next record."""
        self._recent.append(dead)
        self._in_a_row = self._in_a_row + 1 if dead else 0
        if not dead:
            return
        if self._in_a_row >= self._consecutive:
            raise Stopped(f"{self._in_a_row} records in a row became dead letters; {_MEND}")
        if len(self._recent) == self._recent.maxlen and sum(self._recent) > self._ratio * len(self._recent):
            raise Stopped(f"{sum(self._recent)} of {len(self._recent)} records became dead letters; {_MEND}")


_MEND: Final = "compare the release with the one before, then restart"


def _place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset

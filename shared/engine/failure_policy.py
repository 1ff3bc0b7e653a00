"""What becomes of a record that fails: judged here for every sink, without I/O.

Undecodable: dead letter. Unavailable: not acknowledged, tried again after a growing pause. Anything else: after two
failures the record is tried alone, and after the third it is a dead letter; later records of its key follow it.
Above a limit the consumer stops, so that a bad release cannot move everything there. What follows another letter is
a consequence and no symptom: it does not count.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.engine.plan import Plan
from shared.errors import Unavailable, Undecodable
from shared.kafka.dead_letters import LetterKind
from shared.kafka.records import Record
from shared.telemetry.logs import describe

FAILURES_BEFORE_ALONE: Final = 2
FAILURES_BEFORE_DEAD_LETTER: Final = 3
FOLLOWS: Final = "follows a dead letter of its case"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterVerdict:
    """The record goes to the dead letter. ``poisoned``: because our code fails on it."""

    kind: LetterKind
    reason: str
    attempts: int = 1
    first_failure_ms: int | None = None
    poisoned: bool = False
    counts: bool = True


@dataclass(slots=True)
class RecordFailures:
    """What is held against one record."""

    count: int
    first_ms: int
    reason: str


class DeadLetterLimit:
    """How many dead letters of one topic are still single mishaps.

    ``reached`` tells why to stop when ``consecutive`` records in a row, or more than ``ratio`` of the last ``window``
    records, are dead letters; small numbers are judged by the first rule alone.
    """

    def __init__(self, *, consecutive: int = 20, ratio: float = 0.2, window: int = 500) -> None:
        self._consecutive = consecutive
        self._ratio = ratio
        self._recent: deque[bool] = deque(maxlen=window)
        self._in_a_row = 0

    def after(self, marks: Iterable[bool]) -> "DeadLetterLimit":
        """The limit as it would be after these further records: True is a dead letter."""
        then = DeadLetterLimit(
            consecutive=self._consecutive, ratio=self._ratio, window=self._recent.maxlen or 0
        )
        then._recent.extend(self._recent)
        then._in_a_row = self._in_a_row
        then.note(marks)
        return then

    def note(self, marks: Iterable[bool]) -> None:
        """Take in what became of the next records."""
        for dead in marks:
            self._recent.append(dead)
            self._in_a_row = self._in_a_row + 1 if dead else 0

    @property
    def reached(self) -> str | None:
        """Why the consumer must stop; None while it need not."""
        if self._in_a_row >= self._consecutive:
            return f"{self._in_a_row} records in a row became dead letters; {_RESOLUTION}"
        if len(self._recent) == self._recent.maxlen and sum(self._recent) > self._ratio * len(self._recent):
            return f"{sum(self._recent)} of {len(self._recent)} records became dead letters; {_RESOLUTION}"
        return None


class FailurePolicy:
    """The judge of one unit's records; lives as long as the process, so that failures add up over reopenings."""

    def __init__(self, plan: Plan, *, clock: Callable[[], float] = time.time) -> None:
        self._plan = plan
        self._clock = clock
        self._failures: dict[tuple[str, int, int], RecordFailures] = {}
        self._limits: dict[str, DeadLetterLimit] = {}

    def together(self, records: list[Record]) -> list[Record]:
        """The beginning of a batch that may be tried together: a record twice failed is tried alone."""
        for index, record in enumerate(records if self._failures else ()):
            held = self._failures.get(_place(record))
            if held is not None and held.count >= FAILURES_BEFORE_ALONE:
                return records[: index or 1]
        return records

    def beforehand(self, record: Record, *, blocked: bool) -> DeadLetterVerdict | None:
        """The verdict on a record that need not be tried; ``blocked``: a dead letter of its key is unsettled."""
        if record.fault is not None:
            return DeadLetterVerdict(kind="undecodable", reason=record.fault)
        if blocked and record.topic not in self._plan.orders:
            return DeadLetterVerdict(kind="internal-error", reason=FOLLOWS, counts=False)
        held = self._failures.get(_place(record)) if self._failures else None
        return None if held is None else _poisoned(held)

    def judge(self, record: Record, error: Exception) -> DeadLetterVerdict | None:
        """The verdict on a record that failed when tried by itself; None: it waits and is tried again."""
        if isinstance(error, Undecodable):
            return DeadLetterVerdict(kind="undecodable", reason=str(error))
        if isinstance(error, Unavailable):
            return None
        return _poisoned(self.hold_against(record, describe(error)))

    def hold_against(self, record: Record, reason: str) -> RecordFailures:
        """Count a failure of this record, also one that shows only when its transaction is committed."""
        held = self._failures.setdefault(_place(record), RecordFailures(0, int(1000 * self._clock()), reason))
        held.count += 1
        held.reason = reason
        return held

    def stops_after(self, topic: str, marks: Sequence[tuple[str, bool]]) -> str | None:
        """Why the consumer must stop if this becomes of the records of a batch; None while it need not."""
        own = [dead for marked, dead in marks if marked == topic]
        return self._limits.get(topic, DeadLetterLimit()).after(own).reached

    def go_on(self) -> None:
        """A person has looked and says that it goes on: the limits begin anew."""
        self._limits.clear()

    def committed(self, records: Iterable[Record], marks: Iterable[tuple[str, bool]]) -> None:
        """The records are done with, this way or that; ``marks`` are topics, and whether it was a dead letter."""
        for topic, dead in marks:
            self._limits.setdefault(topic, DeadLetterLimit()).note((dead,))
        for record in records if self._failures else ():
            self._failures.pop(_place(record), None)


_RESOLUTION: Final = (
    "compare the release with the one before, then restart, or order `amtsweg dead-letters go-on GROUP`"
)


def _poisoned(held: RecordFailures) -> DeadLetterVerdict | None:
    if held.count < FAILURES_BEFORE_DEAD_LETTER:
        return None
    return DeadLetterVerdict(
        kind="internal-error",
        reason=held.reason,
        attempts=held.count,
        first_failure_ms=held.first_ms,
        poisoned=True,
    )


def _place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset

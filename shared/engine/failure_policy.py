"""The failure policy of every sink: what happens to a record that fails. No I/O.

``Undecodable``: the record becomes a dead letter. ``Unavailable``: it is not acknowledged and is tried again after a
growing pause. Any other exception: after two failures the record is tried alone, after the third it becomes a dead
letter, and later records of its key follow it. Above a limit of dead letters the consumer stops, so that a bad release
cannot turn everything into dead letters. A letter that only follows another one does not count.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.engine.plan import Plan
from shared.errors import Unavailable, Undecodable
from shared.kafka.dead_letters import LetterKind, dead_letter
from shared.kafka.records import Message, Record
from shared.telemetry.logs import describe

FAILURES_BEFORE_ALONE: Final = 2
FAILURES_BEFORE_DEAD_LETTER: Final = 3
FOLLOWS: Final = "follows a dead letter of its case"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterVerdict:
    """The record becomes a dead letter.

    ``poisoned``: our code fails on it. ``counts``: towards the limit at which the consumer stops.
    """

    kind: LetterKind
    reason: str
    attempts: int = 1
    first_failure_ms: int | None = None
    poisoned: bool = False
    counts: bool = True

    def letter(self, record: Record, plan: Plan) -> Message:
        """The dead letter of this record."""
        return dead_letter(
            record,
            to=plan.letters_of(record.topic),
            kind=self.kind,
            reason=self.reason,
            attempts=self.attempts,
            first_failure_ms=self.first_failure_ms,
        )


@dataclass(slots=True)
class RecordFailures:
    """How often one record has failed, since when (Unix time in milliseconds), and why last."""

    count: int
    first_ms: int
    reason: str


class DeadLetterLimit:
    """The limit of dead letters of one topic above which the consumer stops.

    It is reached when ``consecutive`` records in a row, or more than ``ratio`` of the last ``window`` records, became
    dead letters. The second rule applies only once there have been ``window`` records.
    """

    def __init__(self, *, consecutive: int = 20, ratio: float = 0.2, window: int = 500) -> None:
        self._consecutive = consecutive
        self._ratio = ratio
        self._recent: deque[bool] = deque(maxlen=window)
        self._in_a_row = 0

    def after(self, marks: Iterable[bool]) -> "DeadLetterLimit":
        """The limit after these further records; True stands for a dead letter."""
        then = DeadLetterLimit(
            consecutive=self._consecutive, ratio=self._ratio, window=self._recent.maxlen or 0
        )
        then._recent.extend(self._recent)
        then._in_a_row = self._in_a_row
        then.note(marks)
        return then

    def note(self, marks: Iterable[bool]) -> None:
        """Count the next records; True stands for a dead letter."""
        for dead in marks:
            self._recent.append(dead)
            self._in_a_row = self._in_a_row + 1 if dead else 0

    @property
    def reached(self) -> str | None:
        """Why the consumer must stop, for an operator; None while the limit is not reached."""
        if self._in_a_row >= self._consecutive:
            return f"{self._in_a_row} records in a row became dead letters; {_RESOLUTION}"
        if len(self._recent) == self._recent.maxlen and sum(self._recent) > self._ratio * len(self._recent):
            return f"{sum(self._recent)} of {len(self._recent)} records became dead letters; {_RESOLUTION}"
        return None


class FailurePolicy:
    """Judges the records of one unit; it outlives reopenings, so that failures add up."""

    def __init__(self, plan: Plan, *, clock: Callable[[], float] = time.time) -> None:
        self._plan = plan
        self._clock = clock
        self._failures: dict[tuple[str, int, int], RecordFailures] = {}
        self._limits: dict[str, DeadLetterLimit] = {}

    def together(self, records: list[Record]) -> list[Record]:
        """The first records of a batch that may be tried together; a record that failed twice is tried alone."""
        for index, record in enumerate(records if self._failures else ()):
            held = self._failures.get(_place(record))
            if held is not None and held.count >= FAILURES_BEFORE_ALONE:
                return records[: index or 1]
        return records

    def beforehand(self, record: Record, *, blocked: bool) -> DeadLetterVerdict | None:
        """The verdict on a record that is not to be tried; None: try it. ``blocked``: its key has an unsettled dead letter."""
        if record.fault is not None:
            return DeadLetterVerdict(kind="undecodable", reason=record.fault)
        if blocked and record.topic not in self._plan.orders:
            return DeadLetterVerdict(kind="internal-error", reason=FOLLOWS, counts=False)
        held = self._failures.get(_place(record)) if self._failures else None
        return None if held is None else _poisoned(held)

    def judge(self, record: Record, error: Exception) -> DeadLetterVerdict | None:
        """The verdict on a record that failed when tried alone; None: it waits and is tried again."""
        if isinstance(error, Undecodable):
            return DeadLetterVerdict(kind="undecodable", reason=str(error))
        if isinstance(error, Unavailable):
            return None
        return _poisoned(self.hold_against(record, describe(error)))

    def hold_against(self, record: Record, reason: str) -> RecordFailures:
        """Count a failure of this record; one may show only when its transaction is committed."""
        held = self._failures.setdefault(_place(record), RecordFailures(0, int(1000 * self._clock()), reason))
        held.count += 1
        held.reason = reason
        return held

    def stops_after(self, topic: str, marks: Sequence[tuple[str, bool]]) -> str | None:
        """Why the consumer must stop after a batch with these outcomes (topic, dead letter or not); None: it need not."""
        own = [dead for marked, dead in marks if marked == topic]
        return self._limits.get(topic, DeadLetterLimit()).after(own).reached

    def go_on(self) -> None:
        """Reset the limits: an operator has ordered the consumer to resume."""
        self._limits.clear()

    def committed(self, records: Iterable[Record], marks: Iterable[tuple[str, bool]]) -> None:
        """Note committed records: their failures are forgotten, their outcomes (topic, dead letter or not) count."""
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

"""What a batch leads to: the transformation's answers, with every failure turned into its consequence."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from shared.engine.compacted_lookup import CompactedTopicReader
from shared.engine.consumer_lag import series
from shared.engine.failures import FAILURES_BEFORE_DEAD_LETTER, DeadLetterLimit, FailureCounts, RecordFailures
from shared.engine.plan import Plan
from shared.engine.processor import Processor
from shared.engine.state_store import Overlay
from shared.errors import Stopped, Unavailable, Undecodable
from shared.kafka.dead_letters import Blocked, Kind, dead_letter, is_replay, settling
from shared.kafka.records import Message, Record
from shared.telemetry.logs import describe
from shared.telemetry.metrics import Telemetry

_BREATHE_EVERY: Final = 32
_FLOODED_SECONDS: Final = 60.0


@dataclass(slots=True)
class Decided:
    """What a batch leads to. ``held_back`` are runs of records, one per partition, with seconds or None."""

    done: list[Record] = field(default_factory=list)
    outputs: list[tuple[Record, Message]] = field(default_factory=list)
    held_back: dict[tuple[str, int], tuple[list[Record], float | None]] = field(default_factory=dict)


class BatchProcessor:
    """Applies the transformation to records; the only place where a failure is judged."""

    def __init__(
        self, plan: Plan, transformation: Processor, *, suspects: FailureCounts, telemetry: Telemetry
    ) -> None:
        self._plan = plan
        self._transformation = transformation
        self._suspects = suspects
        self._telemetry = telemetry
        self._limits: defaultdict[str, DeadLetterLimit] = defaultdict(DeadLetterLimit)
        self._log = structlog.get_logger().bind(group=plan.group)

    async def decide(
        self,
        records: Sequence[Record],
        overlay: Overlay,
        *,
        blocked: Blocked,
        lookup: CompactedTopicReader | None,
    ) -> Decided:
        """Return what the records lead to; a partition stops at its first record that must wait.

        Raises:
            Stopped: too many dead letters; nothing of this batch may be committed.
        """
        decided = Decided()
        for number, record in enumerate(records):
            if number % _BREATHE_EVERY == _BREATHE_EVERY - 1:
                await asyncio.sleep(0)  # heartbeats and HTTP share this event loop
            place = (record.topic, record.partition)
            if place in decided.held_back:
                decided.held_back[place][0].append(record)
                continue
            try:
                messages = await self._outcome(record, overlay, blocked=blocked, lookup=lookup)
            except _HoldBack as held:
                decided.held_back[place] = ([record], held.seconds)
                continue
            # A replay is consumed in any case; if it failed again, it is a new dead letter now.
            if (settled := settling(record, to=self._plan.dead_letters)) is not None:
                messages.append(settled)
            decided.done.append(record)
            decided.outputs += [(record, message) for message in messages]
        return decided

    async def _outcome(
        self, record: Record, overlay: Overlay, *, blocked: Blocked, lookup: CompactedTopicReader | None
    ) -> list[Message]:
        if record.fault is not None:
            return self._dead(record, "undecodable", record.fault)
        follows = blocked.holds(record, own_topic=self._plan.single_task)
        if follows and not (is_replay(record) or record.topic in self._plan.orders):
            return self._dead(record, "internal-error", "follows a dead letter of its case")
        suspicion = self._suspects.of(record)
        if suspicion is not None and suspicion.failures >= FAILURES_BEFORE_DEAD_LETTER:
            return self._poisoned(record, overlay, suspicion)
        try:
            with overlay.savepoint():
                if lookup is not None and (wanted := self._transformation.wants(record, overlay)):
                    overlay.fetched = await lookup.fetch(wanted)
                messages = list(self._transformation.on_record(record, overlay))
        except Undecodable as error:
            return self._dead(record, "undecodable", str(error))
        except Unavailable as error:
            self._say("record waits", record, error)
            raise _HoldBack from error
        except Exception as error:
            suspicion = self._suspects.failed(record, reason=describe(error))
            self._say("record failed", record, error, attempts=suspicion.failures)
            if suspicion.failures >= FAILURES_BEFORE_DEAD_LETTER:
                return self._poisoned(record, overlay, suspicion)
            raise _HoldBack from error
        self._limits[record.topic].note(dead=False)
        return messages

    def _poisoned(self, record: Record, overlay: Overlay, suspicion: RecordFailures) -> list[Message]:
        letters = self._dead(record, "internal-error", suspicion.reason, suspicion=suspicion)
        try:
            with overlay.savepoint():
                return [*letters, *self._transformation.on_poisoned(record, overlay)]
        except Exception as error:  # noqa: BLE001 - whatever fails here, the dead letter must be written
            self._say("poisoned record cannot be parked either", record, error)
            return letters

    def _dead(
        self, record: Record, kind: Kind, reason: str, *, suspicion: RecordFailures | None = None
    ) -> list[Message]:
        try:
            self._limits[record.topic].note(dead=True)
        except Stopped as stopped:
            if not self._plan.single_task:
                raise
            # A stranger floods his own topic: he waits, the others do not.
            del self._limits[record.topic]
            self._say("partition flooded with undecodable records", record, stopped)
            raise _HoldBack(_FLOODED_SECONDS) from stopped
        self._telemetry.count("dead_letters", group=self._plan.group, topic=series(record.topic), kind=kind)
        self._say("dead letter", record, None, kind=kind, reason=reason)
        attempts, first = (suspicion.failures, suspicion.first_ms) if suspicion else (1, None)
        return [
            dead_letter(
                record,
                to=self._plan.dead_letters,
                kind=kind,
                reason=reason,
                attempts=attempts,
                first_failure_ms=first,
            )
        ]

    def _say(self, event: str, record: Record, error: Exception | None, **fields: object) -> None:
        self._log.warning(
            event,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            **({} if error is None else {"error": error}),
            **fields,
        )


class _HoldBack(Exception):  # noqa: N818 - never leaves this module
    """The record's partition waits: so many seconds, or None for a pause that grows."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds

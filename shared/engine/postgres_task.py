"""One task of the Kafka-to-PostgreSQL engine: a batch's effects and its next offsets in one transaction."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.backoff import Backoff
from shared.engine.assignment import Unit
from shared.engine.consumer_lag import ConsumerLag, series
from shared.engine.consumer_loop import REVOKE_SECONDS, ConsumerLoop
from shared.engine.failures import (
    FAILURES_BEFORE_DEAD_LETTER,
    DeadLetterLimit,
    FailureCounts,
)
from shared.engine.fetcher import Fetcher, settled
from shared.engine.plan import Plan
from shared.engine.projector import Projector
from shared.errors import Stopped, Unavailable, Undecodable
from shared.kafka.client import KafkaAddress
from shared.kafka.dead_letters import Kind, dead_letter, is_replay, letter_key, settling
from shared.kafka.records import Record
from shared.postgres import offsets
from shared.postgres.outbox import enqueue
from shared.postgres.pool import Connection, Pool, transaction
from shared.telemetry.logs import describe
from shared.telemetry.metrics import Telemetry

_INTERNAL: Final[Kind] = "internal-error"
_FOLLOWS: Final = "follows a dead letter of its case"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What all tasks of an engine share."""

    plan: Plan
    projection: Projector
    address: KafkaAddress
    pool: Pool
    suspects: FailureCounts
    limit: DeadLetterLimit
    sessions: ConsumerLoop
    lags: ConsumerLag
    telemetry: Telemetry


class SinkTask:
    """Works on one unit from its opening until cancelled; any unexpected error leaves it to be opened anew."""

    def __init__(self, shared: TaskContext, consumer: AIOKafkaConsumer, number: int, unit: Unit) -> None:
        self._shared = shared
        self._plan = shared.plan
        self._consumer = consumer
        self._unit = unit
        self._feed = Fetcher(consumer, unit, address=shared.address)
        self._expected: dict[TopicPartition, int] = {}
        self._blocked: set[bytes] = set()
        self._pause = Backoff()
        self._log = structlog.get_logger().bind(group=shared.plan.group, partition=number)

    async def run(self) -> None:
        """Open, then take and commit batch after batch."""
        await self._open()
        while True:
            records = await self._feed.take(
                self._plan.batch_size, linger=self._plan.batch_wait.total_seconds()
            )
            began = time.perf_counter()
            await self._apply(records)
            seconds = time.perf_counter() - began
            self._shared.telemetry.observe("batch_seconds", seconds, group=self._plan.group)
            self._shared.lags.note(self._feed.lag())
            self._log.info("batch committed", records=len(records), ms=round(1000 * seconds, 1))

    async def _open(self) -> None:
        firsts = await self._consumer.beginning_offsets(list(self._unit))
        async with transaction(self._shared.pool) as connection:
            self._expected = await offsets.read(connection, self._plan.group, firsts)
            self._blocked = await offsets.blocked_keys(connection, self._plan.group)
        for tp, first in firsts.items():
            if (missed := first - self._expected[tp]) > 0:
                self._log.error("records expired unread", topic=tp.topic, count=missed)
                labels = {"group": self._plan.group, "topic": series(tp.topic)}
                self._shared.telemetry.count("expired_records", missed, **labels)
        self._feed.start({tp: max(at, firsts[tp]) for tp, at in self._expected.items()})
        self._shared.sessions.opened()
        self._log.info("unit opened")

    async def _apply(self, records: list[Record]) -> None:
        """Commit all records, in ever smaller portions where one of them fails."""
        size = len(records)
        while records:
            portion = records[:size]
            try:
                await self._commit(portion)
            except Undecodable as error:
                if len(portion) == 1:
                    await self._commit(portion, dead="undecodable", reason=str(error))
                else:
                    size = len(portion) // 2
                    continue
            except (Unavailable, Stopped, offsets.Fenced):
                raise
            except Exception as error:  # noqa: BLE001 - the projection's own; judged here
                if not await self._isolated(portion, error):
                    size = max(1, len(portion) // 2)
                    continue
            records = records[len(portion) :]
            size = min(2 * size, len(records)) or 1

    async def _isolated(self, portion: list[Record], error: Exception) -> bool:
        """Whether the portion is done with: a record that failed alone, too often, is a dead letter now."""
        first = portion[0]
        suspicion = self._shared.suspects.failed(first, reason=describe(error))
        self._log.warning(
            "batch failed",
            topic=first.topic,
            offset=first.offset,
            records=len(portion),
            attempts=suspicion.failures,
            error=error,
        )
        if len(portion) == 1 and suspicion.failures >= FAILURES_BEFORE_DEAD_LETTER:
            await self._commit(portion, dead="internal-error", reason=suspicion.reason)
            return True
        await self._pause.sleep()
        return False

    async def _commit(self, records: Sequence[Record], *, dead: Kind | None = None, reason: str = "") -> None:
        committing = asyncio.ensure_future(self._transact(records, dead, reason))
        await settled(committing, seconds=REVOKE_SECONDS)
        shared = self._shared
        for record in records:
            shared.suspects.passed(record)
            if dead is None:
                shared.limit.note(dead=False)
        for topic, count in Counter(series(record.topic) for record in records).items():
            shared.telemetry.count("records", count, group=self._plan.group, topic=topic)
        self._pause.reset()
        shared.sessions.progressed()

    async def _transact(self, records: Sequence[Record], dead: Kind | None, reason: str) -> None:
        alive: list[Record] = []
        doomed: list[tuple[Record, Kind, str]] = []
        for record in records:
            if dead is not None:
                doomed.append((record, dead, reason))
            elif record.fault is not None:
                doomed.append((record, "undecodable", record.fault))
            elif record.key is not None and letter_key(record.key) in self._blocked and not is_replay(record):
                doomed.append((record, _INTERNAL, _FOLLOWS))
            else:
                alive.append(record)
        to = {TopicPartition(r.topic, r.partition): r.offset + 1 for r in records}
        async with transaction(self._shared.pool) as connection:
            # First the fence: it waits for a predecessor's transaction, and fails if that one committed.
            await offsets.advance(connection, self._plan.group, expected=self._expected, to=to)
            if alive:
                await self._shared.projection.apply(connection, alive)
            blocked = await self._set_aside(connection, doomed, replays=[r for r in records if is_replay(r)])
        self._expected |= to
        self._blocked = self._blocked if blocked is None else blocked

    async def _set_aside(
        self,
        connection: Connection,
        doomed: Sequence[tuple[Record, Kind, str]],
        *,
        replays: Sequence[Record],
    ) -> set[bytes] | None:
        """Write dead letters and settle replayed ones; return the keys blocked then, None if none changed."""
        group, letters = self._plan.group, self._plan.dead_letters
        if not (doomed or replays):
            return None
        for record, kind, reason in doomed:
            self._shared.limit.note(dead=True)
            suspicion = self._shared.suspects.of(record)
            attempts, first = (suspicion.failures, suspicion.first_ms) if suspicion else (1, None)
            letter = dead_letter(
                record, to=letters, kind=kind, reason=reason, attempts=attempts, first_failure_ms=first
            )
            await enqueue(connection, letter)
            if kind == _INTERNAL:
                await offsets.block(connection, group, record)
            self._shared.telemetry.count("dead_letters", group=group, topic=series(record.topic), kind=kind)
            self._log.warning(
                "dead letter", topic=record.topic, offset=record.offset, kind=kind, reason=reason
            )
        for replay in replays:
            await offsets.unblock(connection, group, replay)
            await enqueue(connection, *filter(None, (settling(replay, to=letters),)))
        return await offsets.blocked_keys(connection, group)

"""The records of one unit in offset order; a partition that fails is held back alone."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import (
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)
from aiokafka.structs import TopicPartition

from shared.backoff import Backoff
from shared.engine.assignment import Unit
from shared.kafka.client import KafkaAddress
from shared.kafka.following import FetchPace
from shared.kafka.raw_fetch import NoBatch, is_of_a_batch, salvaged
from shared.kafka.records import Record, consumed

_LONGEST_WAIT: Final = 1.0
_BUFFERING: Final = 0.02
_BUSY_SECONDS: Final = 1.0


_PARTITIONS_FAULT: Final = (OffsetOutOfRangeError, NoOffsetForPartitionError, TopicAuthorizationFailedError)


class ConsumerFailed(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """The consumer itself has failed; a new one may succeed."""


class EnginePace:
    """Of one consumer with several units, where nobody waits for the result: larger fetches mean fewer transactions."""

    def __init__(self, pace: FetchPace, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._seconds = seconds
        self._busy_until = float("-inf")

    def note(self, consumer: AIOKafkaConsumer, *, records: bool) -> None:
        """Note that one unit got records, or waited without getting any."""
        now = self._seconds()
        if records:
            self._busy_until = now + _BUSY_SECONDS
        self._pace.set(consumer, busy=now < self._busy_until)


class Fetcher:
    """Reads a unit's partitions from given positions.

    ``positions`` are the offsets of the next records to hand out; for partitions held back they are ahead of the
    committed offsets.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, unit: Unit, *, address: KafkaAddress, pace: EnginePace | None = None
    ) -> None:
        self._consumer = consumer
        self._pace = pace
        self._address = address
        self._one_by_one = False
        self._unit = unit
        self._kept: dict[TopicPartition, deque[Record]] = {}
        self._due: dict[TopicPartition, float] = {}
        self._pauses: dict[TopicPartition, Backoff] = {}
        self.positions: dict[TopicPartition, int] = {}

    def start(self, positions: Mapping[TopicPartition, int]) -> None:
        """Seek and begin to fetch."""
        self.positions = dict(positions)
        for tp, position in positions.items():
            self._consumer.seek(tp, position)
        self._consumer.resume(*self._unit)

    async def take(self, limit: int, *, linger: float = 0.0, until: float | None = None) -> list[Record]:
        """Return up to ``limit`` records; waits for the first, and then ``linger`` seconds for more.

        Returns an empty list at ``until``, in seconds of the monotonic clock.

        Raises:
            ConsumerFailed: the consumer must be replaced.
            KafkaError: a partition cannot be read from its position.
        """
        records: list[Record] = []
        while not records:
            records = self._take_kept(limit)
            left = _LONGEST_WAIT if until is None else until - time.monotonic()
            if len(records) < limit:
                wait = 0.0 if records else max(0.0, min(left, self._seconds_to_next()))
                records += await self._fetch(limit - len(records), seconds=wait)
            if not records and left <= 0:  # available records come first, even when the time is over
                return []
        deadline = time.monotonic() + linger
        while len(records) < limit and (left := deadline - time.monotonic()) > 0:
            records += await self._fetch(limit - len(records), seconds=left)
        return records

    def give_back(self, records: Sequence[Record], *, seconds: float = 0.0) -> None:
        """Hand the records out again after so many seconds, before later records of their partitions."""
        due = time.monotonic() + seconds
        for record in reversed(records):
            tp = TopicPartition(record.topic, record.partition)
            if tp not in self._kept:
                self._kept[tp] = deque()
                self._consumer.pause(tp)  # bounded: one batch per partition is kept, not more
            self._kept[tp].appendleft(record)
            self._due[tp] = max(due, self._due.get(tp, 0.0))

    def hold_back(self, records: Sequence[Record]) -> None:
        """Give back records of one partition after a pause that grows until ``recovered``."""
        tp = TopicPartition(records[0].topic, records[0].partition)
        pause = self._pauses.setdefault(tp, Backoff())
        self.give_back(records, seconds=pause.take())

    def recovered(self, partitions: Iterable[TopicPartition]) -> None:
        """Reset the pauses of these partitions: their records were committed."""
        for tp in partitions if self._pauses else ():
            self._pauses.pop(tp, None)

    @property
    def held_back(self) -> int:
        """How many partitions are held back after a failure."""
        return len(self._pauses)

    def lag(self) -> dict[TopicPartition, int]:
        """By partition, how many readable records are not yet handed out; from the last fetches, without asking Kafka."""
        return {
            tp: max(0, end - self.positions[tp]) + len(self._kept.get(tp, ()))
            for tp in self._unit
            if (end := self._consumer.last_stable_offset(tp)) is not None and tp in self.positions
        }

    def _take_kept(self, limit: int) -> list[Record]:
        taken: list[Record] = []
        now = time.monotonic()
        for tp in [tp for tp, due in self._due.items() if due <= now]:
            kept = self._kept[tp]
            while kept and len(taken) < limit:
                taken.append(kept.popleft())
            if not kept:
                del self._kept[tp], self._due[tp]
                self._consumer.resume(tp)
        return taken

    def _seconds_to_next(self) -> float:
        soonest = min(self._due.values(), default=float("inf")) - time.monotonic()
        return min(max(soonest, 0.001), _LONGEST_WAIT)

    async def _fetch(self, limit: int, *, seconds: float) -> list[Record]:
        if self._one_by_one:
            return await self._fetch_one_by_one(limit)
        try:
            fetched = await self._ask(*self._unit, limit=limit, seconds=seconds)
        except Exception as error:
            if not is_of_a_batch(error):
                raise
            # The records that this call had already drained are lost: go back, and find the partition.
            for tp in self._unit:
                self._consumer.seek(tp, self.positions[tp])
            self._one_by_one = True
            return []
        if self._pace is not None:
            self._pace.note(self._consumer, records=bool(fetched))
        return self._handed_out(fetched)

    async def _ask(
        self, *partitions: TopicPartition, limit: int, seconds: float = 0.0
    ) -> Mapping[TopicPartition, Sequence[Any]]:
        try:
            fetched: Mapping[TopicPartition, Sequence[Any]] = await self._consumer.getmany(
                *partitions, timeout_ms=int(1000 * seconds), max_records=limit
            )
        except _PARTITIONS_FAULT:
            raise
        except KafkaError as error:
            if is_of_a_batch(error):
                raise
            raise ConsumerFailed(f"{type(error).__name__}") from error
        return fetched

    async def _fetch_one_by_one(self, limit: int) -> list[Record]:
        """Ask each partition for its buffered records, until the one with the unreadable batch is found."""
        await asyncio.sleep(_BUFFERING)
        for tp in self._unit - self._kept.keys():
            try:
                records = self._handed_out(await self._ask(tp, limit=limit))
            except Exception as error:
                if not is_of_a_batch(error):
                    raise
                self._one_by_one = False
                return await self._past_unreadable(tp, error)
            if records:
                return records
        return []

    async def _past_unreadable(self, tp: TopicPartition, error: Exception) -> list[Record]:
        """Return the records of the unreadable batch, as far as they can be read; the rest is one record with a fault."""
        try:
            records = await salvaged(self._address, tp, self.positions[tp])
        except NoBatch:
            # No stored batch is at fault, so the client is: it would fail on every further call.
            raise ConsumerFailed(
                f"{tp.topic}, partition {tp.partition}: {type(error).__name__}, but Kafka has no batch at this position"
            ) from error
        self.positions[tp] = records[-1].offset + 1
        self._consumer.seek(tp, self.positions[tp])
        return records

    def _handed_out(self, fetched: Mapping[TopicPartition, Sequence[Any]]) -> list[Record]:
        records: list[Record] = []
        for tp, batch in fetched.items():
            if batch[0].offset < self.positions[tp]:
                # Fetched before our seek; records below the position are already committed.
                self._consumer.seek(tp, self.positions[tp])
                continue
            self.positions[tp] = batch[-1].offset + 1
            records += map(consumed, batch)
        return records

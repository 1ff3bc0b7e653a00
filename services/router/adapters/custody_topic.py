"""Custody as one process sees it: all of the compacted topic, followed without a group.

A router replica works on some partitions only, but a request may concern any of them; PostgreSQL would be one
more store that the router has to wait for. So desk and doors follow the topic, each keeping what it needs of it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Generic, TypeVar
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.router.domain.cases.refusals import REFUSALS
from shared.engine import ENGINE_KEYS
from shared.errors import Unavailable
from shared.events.topics import CASE_CUSTODY
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound, follow_records, seek_first
from shared.kafka.partitions import partitions_of
from shared.telemetry.health import Condition

T = TypeVar("T")
V = TypeVar("V")

_ROUND_MS: Final = 250


class FollowedCustody(Generic[V]):
    """What is kept of each case; ``run`` keeps it up to date.

    ``keep`` returns what to keep of a record's value, None for nothing; it raises ValueError where it cannot read
    it. ``owner`` says under which name `owned` finds it, None for none. ``on_case`` is told what was and is kept of each
    case that is written, ``on_refusals`` what each partition keeps of the refusals of an authority. ``round_ms`` is how
    far the view may lag behind a busy topic.
    """

    def __init__(
        self,
        address: KafkaAddress,
        *,
        keep: Callable[[bytes], V | None],
        condition: Condition,
        owner: Callable[[V], str | None] = lambda _: None,
        on_case: Callable[[V | None, V | None], None] = lambda _before, _after: None,
        on_refusals: Callable[[str, int, bytes | None], None] = lambda _authority, _partition, _told: None,
        round_ms: int = _ROUND_MS,
    ) -> None:
        self._address = address
        self._keep = keep
        self._owner = owner
        self._on_case = on_case
        self._on_refusals = on_refusals
        self._owned: dict[str, dict[UUID, V]] = {}
        self._round_ms = round_ms
        self._condition = condition
        self._consumer: AIOKafkaConsumer | None = None
        self._cases: dict[UUID, V] = {}
        self._partitions: Sequence[TopicPartition] = ()
        self._reached: Mapping[TopicPartition, int] = {}
        self._built = False
        self._unreadable = ""
        self._changed = asyncio.Condition()
        self._log = structlog.get_logger().bind(part="custody")

    @property
    def cases(self) -> Mapping[UUID, V]:
        """The view as it is now.

        Raises:
            Unavailable: it is being built.
        """
        if not self._built:
            raise Unavailable(f"{CASE_CUSTODY.name}: the view is being built; try again")
        return self._cases

    def owned(self, owner: str) -> Mapping[UUID, V]:
        """The cases of this owner.

        Raises:
            Unavailable: it is being built.
        """
        if not self._built:
            raise Unavailable(f"{CASE_CUSTODY.name}: the view is being built; try again")
        return self._owned.get(owner, {})

    def owners(self) -> Collection[str]:
        """The owners of all cases in the view.

        Raises:
            Unavailable: the view is being built.
        """
        if not self._built:
            raise Unavailable(f"{CASE_CUSTODY.name}: the view is being built; try again")
        return [owner for owner, owned in self._owned.items() if owned]

    async def ends(self) -> Mapping[TopicPartition, int]:
        """The present ends of what is committed; waits until Kafka can be asked."""
        consumer = await self.wait(lambda: self._consumer)
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(self._partitions)
        return ends

    async def reach(self, ends: Mapping[TopicPartition, int]) -> Mapping[UUID, V]:
        """Return the view once it contains everything before these ends."""
        await self.wait(lambda: self._reaches(ends) or None)
        return self._cases

    async def until(self, seen: Callable[[Mapping[UUID, V]], T | None]) -> T:
        """Wait for changes until the view shows what is looked for, and return it.

        Raises:
            Unavailable: the view is lost meanwhile.
        """
        followed = await self.wait(lambda: self._consumer)

        def look() -> T | None:
            if self._consumer is not followed:
                raise Unavailable(f"{CASE_CUSTODY.name}: the view is being rebuilt; try again")
            return seen(self._cases)

        return await self.wait(look)

    async def wait(self, look: Callable[[], T | None]) -> T:
        """Return what is looked for as soon as a change shows it."""
        async with self._changed:
            while (found := look()) is None:
                await self._changed.wait()
            return found

    async def run(self) -> None:
        """Follow until cancelled; after a failure the view is built anew."""
        await follow_records(self._address, self, round_ms=self._round_ms)

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        partitions = self._partitions = await partitions_of(self._address, CASE_CUSTODY.name)
        await seek_first(consumer, partitions)
        async with self._changed:
            self._consumer = consumer
            self._changed.notify_all()

    async def take(self, round_: TopicRound) -> None:
        for record in round_.records:
            self._take(record.key, record.value, partition=record.partition)
        if round_.records or round_.reached != self._reached:
            async with self._changed:
                self._reached = round_.reached
                self._changed.notify_all()
        if round_.complete and not self._built:
            self._built = True
            self._say()

    async def lost(self, _failure: Exception) -> None:
        async with self._changed:
            self._consumer, self._built, self._unreadable = None, False, ""
            self._cases, self._owned, self._reached = {}, {}, {}
            self._say()
            self._changed.notify_all()

    def _take(self, key: bytes | None, value: bytes | None, *, partition: int) -> None:
        """One record that cannot be read degrades the view; the others are seen."""
        try:
            name = (key or b"").decode()
            if name.startswith(ENGINE_KEYS):
                return
            if name.startswith(REFUSALS):
                self._on_refusals(name.removeprefix(REFUSALS), partition, value)
                return
            case = UUID(name)
            kept = None if value is None else self._keep(value)
        except ValueError as error:
            self._unreadable = f"a record of {CASE_CUSTODY.name} cannot be read: {type(error).__name__}"
            self._log.error("custody not read", error=error)
            self._say()
            return
        self._set(case, kept)

    def _set(self, case: UUID, kept: V | None) -> None:
        before = self._cases.pop(case, None)
        if before is not None and (former := self._owner(before)) is not None:
            self._owned[former].pop(case, None)
        self._on_case(before, kept)
        if kept is None:
            return
        self._cases[case] = kept
        if (owner := self._owner(kept)) is not None:
            self._owned.setdefault(owner, {})[case] = kept

    def _say(self) -> None:
        if not self._built:
            self._condition.set("unready", reason=f"{CASE_CUSTODY.name} is not read to its end yet")
        elif self._unreadable:
            self._condition.set("degraded", reason=self._unreadable)
        else:
            self._condition.set("ready")

    def _reaches(self, ends: Mapping[TopicPartition, int]) -> bool:
        return all(self._reached.get(tp, 0) >= end for tp, end in ends.items())

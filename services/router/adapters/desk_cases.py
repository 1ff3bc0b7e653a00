"""The clearing desk's view of custody: every replica follows the compacted topic, all partitions, by itself.

A replica works on some partitions only, and a person asks any of them; PostgreSQL would be one more store that the
router has to wait for. What is kept is little: what is parked, and what has left the desk by an order.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.events.custody import CaseHeld
from shared.events.topics import CASE_CUSTODY
from shared.kafka.client import KafkaAddress, close, reader
from shared.telemetry.health import Condition

T = TypeVar("T")

_ROUND_MS: Final = 250
_COMPANY_BYTES: Final = 65_536
_OF_THE_DESK: Final = (b'"standing":"parked"', b'"placedBy":"')
"""Most cases never see the desk: they are told by their bytes, which are ours and without white space."""


class FollowedCases:
    """`services.router.ports.DeskCases` over ``case.custody.v1``; ``run`` keeps it up to date.

    ``patience`` is how many seconds a question waits for the view to reach the topic's end.
    """

    def __init__(self, address: KafkaAddress, *, condition: Condition, patience: float = 5.0) -> None:
        self._address = address
        self._patience = patience
        self._condition = condition
        self._partitions = [TopicPartition(CASE_CUSTODY.name, n) for n in range(CASE_CUSTODY.partitions)]
        self._consumer: AIOKafkaConsumer | None = None
        self._cases: dict[UUID, CaseHeld] = {}
        self._reached: dict[TopicPartition, int] = {}
        self._changed = asyncio.Condition()
        self._log = structlog.get_logger().bind(part="desk")

    async def now(self) -> Mapping[UUID, CaseHeld]:
        try:
            async with asyncio.timeout(self._patience):
                consumer = await self._wait(lambda: self._consumer)
                ends = await consumer.end_offsets(self._partitions)
                await self._wait(lambda: self._reaches(ends) or None)
        except (KafkaError, TimeoutError) as away:
            raise Unavailable(f"{CASE_CUSTODY.name}: its end is not reached; try again") from away
        return self._cases

    async def until(self, seen: Callable[[Mapping[UUID, CaseHeld]], T | None]) -> T:
        followed = await self._wait(lambda: self._consumer)

        def look() -> T | None:
            if self._consumer is not followed:
                raise Unavailable(f"{CASE_CUSTODY.name}: the view is being built anew; ask again")
            return seen(self._cases)

        return await self._wait(look)

    def parked_for(self, now: datetime) -> float:
        """Seconds for which the oldest parked case has waited for a person; 0 when none does."""
        parked = [held.since for held in self._cases.values() if held.standing == "parked"]
        return max(0.0, (now - min(parked, default=now)).total_seconds())

    async def run(self) -> None:
        """Follow until cancelled; after a failure the view is built anew."""
        pause = Backoff()
        while True:
            consumer = reader(self._address, fetch_min_bytes=_COMPANY_BYTES, fetch_max_wait_ms=_ROUND_MS)
            try:
                await consumer.start()
                await self._follow(consumer, pause)
            except (KafkaError, OSError) as error:
                self._log.warning("the desk's view is lost", error=error, next=pause.next_seconds)
            finally:
                await self._lose()
                await close(consumer.stop())
            await pause.sleep()

    async def _follow(self, consumer: AIOKafkaConsumer, pause: Backoff) -> None:
        consumer.assign(self._partitions)
        for tp, first in (await consumer.beginning_offsets(self._partitions)).items():
            consumer.seek(tp, first)
        ends = await consumer.end_offsets(self._partitions)
        self._consumer = consumer
        while True:
            fetched = await consumer.getmany(timeout_ms=_ROUND_MS)
            for records in fetched.values():
                for record in records:
                    self._take(record.key, record.value)
            reached = {tp: await consumer.position(tp) for tp in self._partitions}
            if fetched or reached != self._reached:
                async with self._changed:
                    self._reached = reached
                    self._changed.notify_all()
            if self._condition.standing != "ready" and self._reaches(ends):
                self._condition.set("ready")
                pause.reset()

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        case = UUID((key or b"").decode())
        if value is not None and any(mark in value for mark in _OF_THE_DESK):
            self._cases[case] = CaseHeld.from_json(value)
        else:
            self._cases.pop(case, None)

    async def _lose(self) -> None:
        async with self._changed:
            self._consumer = None
            self._cases, self._reached = {}, {}
            self._condition.set("unready", reason=f"{CASE_CUSTODY.name} cannot be followed")
            self._changed.notify_all()

    def _reaches(self, ends: Mapping[TopicPartition, int]) -> bool:
        return all(self._reached.get(tp, 0) >= end for tp, end in ends.items())

    async def _wait(self, look: Callable[[], T | None]) -> T:
        async with self._changed:
            while (found := look()) is None:
                await self._changed.wait()
            return found

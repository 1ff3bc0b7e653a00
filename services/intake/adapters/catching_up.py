"""Whether the histories tell everything that lay on the bus when we started; until then intake is not ready."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.read_to_end import unread
from shared.postgres.pool import Pool, reaching_postgres
from shared.telemetry.health import Condition

_LOOK_SECONDS: Final = 0.5
_STORED: Final = "SELECT topic, partition, next FROM offsets WHERE consumer = $1"


class CatchingUp:
    """Compares stored offsets with the ends noted at the start, once; what comes later is ordinary lag."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: KafkaAddress,
        group: str,
        partitions: Sequence[TopicPartition],
        condition: Condition,
    ) -> None:
        self._pool = pool
        self._address = address
        self._group = group
        self._partitions = partitions
        self._condition = condition
        self._log = structlog.get_logger().bind(part="histories")

    async def run(self) -> None:
        """Look until the ends are reached; then nothing more is to be done."""
        self._condition.set("unready", reason="the histories are being filled")
        while True:
            try:
                await self._reach_the_ends()
                break
            except (KafkaError, Unavailable, OSError) as away:
                self._log.warning("not known whether histories are complete", error=away)
                await asyncio.sleep(_LOOK_SECONDS)
        self._condition.set("ready")
        self._log.info("histories are complete")
        await asyncio.Event().wait()

    async def _reach_the_ends(self) -> None:
        consumer = reader(self._address)
        try:
            await consumer.start()
            ahead: Mapping[TopicPartition, int] = await consumer.end_offsets(self._partitions)
            while True:
                ahead = await self._still_ahead(consumer, ahead)
                if not ahead:
                    return
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await close(consumer.stop())

    async def _still_ahead(
        self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, int]:
        with reaching_postgres():
            rows = await self._pool.fetch(_STORED, self._group)
        stored = {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}
        return await unread(consumer, starts=stored, ends=ends)

"""Whether the store holds everything that lay on the bus; until then intake promises nothing new.

A store that came back from a backup misses the promises since. So the ends of the topics are noted at the start, and
again whenever the stored offsets went back or could not be read for a moment; nothing is complete before they are
reached. What comes later is ordinary lag.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.first_to_end import until_one_ends
from shared.kafka.caught_up import caught_up
from shared.kafka.client import KafkaAddress
from shared.postgres.pool import Pool, reaching_postgres
from shared.telemetry.health import Condition

_LOOK_SECONDS: Final = 0.5
_STORED: Final = "SELECT topic, partition, next FROM offsets WHERE consumer = $1"


class _WentBackError(Exception):
    """An offset is smaller than it was."""


class CatchingUp:
    """Compares stored offsets with ends noted before, and keeps those at work who ``fill`` the histories."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: KafkaAddress,
        group: str,
        topics: Sequence[str],
        condition: Condition,
        fill: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._pool = pool
        self._address = address
        self._group = group
        self._topics = topics
        self._condition = condition
        self._fill = fill
        self._complete = False
        self._log = structlog.get_logger().bind(part="histories")

    def complete(self) -> bool:
        """Whether the store is whole, as far as could be seen a moment ago."""
        return self._complete

    async def run(self) -> None:
        """Fill the histories and watch them until cancelled; what went back is filled by a new reader."""
        while True:
            self._seen: Mapping[TopicPartition, int] = {}
            try:
                await until_one_ends(self._fill(), self._watch())
            finally:
                self._complete = False
            self._log.warning("histories went back")

    async def _watch(self) -> None:
        """Return when the stored offsets went back: the database is an older one."""
        while True:
            self._complete = False
            self._condition.set("unready", reason="the histories are being filled")
            try:
                await caught_up(
                    self._address, *self._topics, stored=self._stored, every_seconds=_LOOK_SECONDS
                )
                self._complete = True
                self._condition.set("ready")
                self._log.info("histories are complete")
                while True:
                    await asyncio.sleep(_LOOK_SECONDS)
                    await self._stored()
            except _WentBackError:
                self._complete = False  # at once, not when the filling has ended too
                return
            except (KafkaError, Unavailable, OSError) as away:
                self._log.warning("not known whether histories are complete", error=away)
                await asyncio.sleep(_LOOK_SECONDS)

    async def _stored(self) -> dict[TopicPartition, int]:
        with reaching_postgres():
            rows = await self._pool.fetch(_STORED, self._group)
        stored = {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}
        if any(stored.get(tp, 0) < offset for tp, offset in self._seen.items()):
            raise _WentBackError
        self._seen = stored
        return stored

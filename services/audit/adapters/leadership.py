"""One publisher at a time: the process that holds the log's advisory lock in PostgreSQL and the folder's file lock.

The locks spare work and keep ``checkpoint`` from going back; that the tree cannot fork does not depend on
them but on the recorded intents. Whatever stops the publisher, the sequencer goes on.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.merkle import CompactRange
from services.audit.ports import Fork, QuorumMissing
from shared.errors import Unavailable
from shared.postgres.leader import leading
from shared.postgres.pool import Pool, reaching_postgres
from shared.telemetry.health import Condition

_RETRY: Final = timedelta(seconds=1)


class PublisherLoop:
    """Publishes whenever the tree has grown, and again after a time when it has not."""

    def __init__(
        self,
        pool: Pool,
        folder: TileFolder,
        *,
        origin: str,
        start: Callable[[], Awaitable[CompactRange]],
        publish: Callable[[CompactRange], Awaitable[CompactRange]],
        committed: Callable[[], Awaitable[CompactRange]],
        interval: timedelta,
        republish_after: timedelta,
        condition: Condition,
    ) -> None:
        self._pool = pool
        self._folder = folder
        self._origin = origin
        self._start = start
        self._publish = publish
        self._committed = committed
        self._interval = interval.total_seconds()
        self._republish_after = republish_after.total_seconds()
        self._condition = condition
        self._log = structlog.get_logger().bind(part="publisher")

    async def run(self) -> None:
        """Lead, or wait to lead, until cancelled. After a fork nothing is published until a person acts."""
        while True:
            try:
                await self._lead()
            except (Unavailable, QuorumMissing) as away:
                since = f"the last checkpoint was published {self._folder.checkpoint_age():.0f} s ago"
                self._condition.set("degraded", reason=f"{away}; {since}")
                self._log.warning("publisher interrupted", reason=f"{away}; {since}")
            except Fork as fork:
                self._condition.set("unready", reason=str(fork))
                self._log.error("the log is forked; nothing is published", reason=str(fork))
                await asyncio.Event().wait()
            await asyncio.sleep(_RETRY.total_seconds())

    async def _lead(self) -> None:
        descriptor = await asyncio.to_thread(self._folder.lock)
        if descriptor is None:
            self._condition.set("ready", reason="another replica publishes")
            return
        try:
            with reaching_postgres():
                async with leading(self._pool, f"publisher/{self._origin}") as connection:
                    if connection is not None:
                        await self._publish_while(lambda: not connection.is_closed())
        finally:
            os.close(descriptor)

    async def _publish_while(self, leading: Callable[[], bool]) -> None:
        clock = asyncio.get_running_loop().time
        published, due = await self._start(), clock()
        while leading():
            if (await self._committed()).size > published.size or clock() >= due:
                published = await self._publish(published)
                due = clock() + self._republish_after
            self._condition.set("ready")
            await asyncio.sleep(self._interval)

"""Work that is repeated until cancelled: a round that fails shows in health and in the log, and the next one comes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog

from shared.errors import Stopped, Unavailable
from shared.telemetry.health import Condition


class Periodic:
    """A component that does such work (`repeat`) until cancelled; a round that succeeds makes its part ready."""

    def __init__(
        self,
        work: Callable[[], Awaitable[None]],
        *,
        every: timedelta,
        part: str,
        failure: str,
        condition: Condition,
    ) -> None:
        self._work = work
        self._condition = condition
        self._repeat = partial(
            repeat, self._round, every=every, part=part, failure=failure, condition=condition
        )

    async def run(self) -> None:
        """Work until cancelled."""
        await self._repeat()

    async def _round(self) -> None:
        await self._work()
        self._condition.set("ready")


async def repeat(
    work: Callable[[], Awaitable[None]],
    *,
    every: timedelta,
    part: str,
    failure: str,
    condition: Condition | None = None,
    failures: tuple[type[Exception], ...] = (Unavailable, Stopped),
) -> None:
    """Do the work, pause, again.

    ``failure`` is the log line of a round that failed by one of ``failures``; what else is raised ends the repetition.
    The work itself says when its part is ready again.
    """
    log = structlog.get_logger().bind(part=part)
    while True:
        try:
            await work()
        except failures as failed:
            if condition is not None:
                condition.set("degraded", reason=f"{failure}: {failed}")
            log.warning(failure, reason=str(failed))
        await asyncio.sleep(every.total_seconds())

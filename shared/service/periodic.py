"""Work that is repeated until cancelled: a round that fails shows in health and in the log, and the next one comes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from shared.errors import Stopped, Unavailable
from shared.telemetry.health import Condition


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

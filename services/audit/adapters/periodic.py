"""Background work on the log, repeated until cancelled; a failed round shows in health and in the log lines."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

from services.audit.domain.proof_refused import ProofRefused
from shared.errors import Stopped, Unavailable
from shared.telemetry.health import Condition

_PAUSE: Final = timedelta(seconds=5)


async def repeat(
    work: Callable[[], Awaitable[None]], *, part: str, failure: str, condition: Condition
) -> None:
    """Do the work, pause, repeat; ``failure`` is the log line of a round that failed."""
    log = structlog.get_logger().bind(part=part)
    while True:
        try:
            await work()
        except (Unavailable, Stopped, ProofRefused) as failed:
            condition.set("degraded", reason=str(failed))
            log.warning(failure, reason=str(failed))
        await asyncio.sleep(_PAUSE.total_seconds())

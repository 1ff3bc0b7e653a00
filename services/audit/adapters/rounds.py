"""Work behind the log that is done again and again; what hinders a round shows in health and log."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

from services.audit.domain.proof_refused import ProofRefused
from shared.errors import Stopped, Unavailable
from shared.telemetry.health import Condition

_PAUSE: Final = timedelta(seconds=5)


async def rounds(
    once: Callable[[], Awaitable[None]], *, part: str, hindered: str, condition: Condition
) -> None:
    """Do a round, pause, again, until cancelled; ``hindered`` is what the log says of a round that failed."""
    log = structlog.get_logger().bind(part=part)
    while True:
        try:
            await once()
        except (Unavailable, Stopped, ProofRefused) as failed:
            condition.set("degraded", reason=str(failed))
            log.warning(hindered, reason=str(failed))
        await asyncio.sleep(_PAUSE.total_seconds())

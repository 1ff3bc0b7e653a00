"""The part that records, hour by hour and at the end, how many unknown visitors were turned away and only counted."""

import asyncio
from datetime import timedelta
from typing import Final, Protocol

import structlog

from shared.errors import Stopped, Unavailable

_PAUSE: Final = timedelta(minutes=1)


class Settle(Protocol):
    """Records what was only counted."""

    async def __call__(self, *, now: bool = False) -> None:
        """Where the hour is over, or ``now``."""


class RefusalsLoop:
    """Runs until cancelled, and settles once more then."""

    def __init__(self, settle: Settle) -> None:
        self._settle = settle
        self._log = structlog.get_logger().bind(part="refusals")

    async def run(self) -> None:
        """Settle, pause, again."""
        try:
            while True:
                await asyncio.sleep(_PAUSE.total_seconds())
                await self._try(now=False)
        finally:
            await self._try(now=True)

    async def _try(self, *, now: bool) -> None:
        try:
            await self._settle(now=now)
        except (Unavailable, Stopped) as failed:
            self._log.warning("refused visits not recorded", reason=str(failed))

"""A part that may fail without taking the process with it: begun anew, and meanwhile the service is degraded."""

import asyncio
import time
from typing import Final

import structlog

from shared.backoff import Backoff
from shared.errors import Stopped, Unavailable
from shared.service.run import Component
from shared.telemetry.health import Health
from shared.telemetry.logs import describe

_STEADY_SECONDS: Final = 10.0
"""A work that has run for so long has recovered from its last failure."""


class Follower:
    """Runs a part until cancelled, whatever it fails of; what the part says of its own condition stands beside.

    For views, watchers and housekeeping. Doors and engines end the process when they cannot go on: without them there
    is no service.
    """

    def __init__(
        self, part: Component, *, name: str, health: Health, steady_seconds: float = _STEADY_SECONDS
    ) -> None:
        self._part = part
        self._condition = health.part(f"{name}, begun anew")
        self._steady_seconds = steady_seconds
        self._log = structlog.get_logger().bind(part=name)

    async def run(self) -> None:
        """Run the part again and again; returns never."""
        pause = Backoff()
        self._condition.set("ready")
        while True:
            began = time.monotonic()
            error = await self._once()
            if isinstance(error, Stopped):
                self._condition.set("degraded", reason=str(error))
                self._log.error("part stopped", error=error)
                await asyncio.Event().wait()
            if time.monotonic() - began > self._steady_seconds:
                pause.reset()
            self._condition.set("degraded", reason=f"begun anew after: {describe(error)}")
            self._log.error("part failed", error=error, next=pause.next_seconds)
            await pause.sleep()

    async def _once(self) -> Exception:
        """Run the part until it ends; return why."""
        task = asyncio.ensure_future(self._part.run())
        try:
            await asyncio.wait({task}, timeout=self._steady_seconds)
            if not task.done():
                self._condition.set("ready")
                await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()
            raise
        if task.cancelled():  # by a Kafka client's own background task; nobody asked us to end
            return Unavailable("cancelled by the Kafka client, not by us")
        error = task.exception()
        if isinstance(error, Exception):
            return error
        if error is not None:
            raise error
        return Unavailable("ended without having been asked")

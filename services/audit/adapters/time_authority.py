"""Asking a time-stamping authority over HTTP (RFC 3161 section 3.4), and doing so every day."""

import asyncio
import urllib.request
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http.client import HTTPException
from typing import Final

import structlog

from services.audit.domain.proof_refused import ProofRefused
from shared.errors import Unavailable
from shared.telemetry.health import Condition

_TIMEOUT_S: Final = 20
_MAX_ANSWER: Final = 64 * 1024


class TimeAuthority:
    """One authority; blocking work runs in a thread."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def ask(self, request: bytes) -> bytes:
        """Send a request (DER) and return the response (DER), which is not verified.

        Raises:
            OSError: the authority cannot be reached, or answers with something else.
        """
        return await asyncio.to_thread(self._ask, request)

    def _ask(self, request: bytes) -> bytes:
        asked = urllib.request.Request(  # noqa: S310 - the settings admit http and https only
            self._url, data=request, headers={"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - as above
                return bytes(answer.read(_MAX_ANSWER))
        except HTTPException as bad:
            raise OSError("the answer is not HTTP") from bad


class StampLoop:
    """Looks again and again whether today's checkpoint is stamped; a failure is shown, and tried again later."""

    def __init__(
        self,
        stamp: Callable[[], Awaitable[bool]],
        *,
        condition: Condition,
        pause: timedelta = timedelta(minutes=1),
    ) -> None:
        self._stamp = stamp
        self._condition = condition
        self._pause = pause.total_seconds()
        self._log = structlog.get_logger().bind(part="timestamps")

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                if await self._stamp():
                    self._log.info("checkpoint stamped")
                self._condition.set("ready")
            except (OSError, ProofRefused, Unavailable) as failed:
                self._condition.set("degraded", reason=f"no time stamp: {failed}")
                self._log.warning("no time stamp", reason=str(failed))
            await asyncio.sleep(self._pause)

"""Asking a time-stamping authority over HTTP (RFC 3161 section 3.4), and doing so every day."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request

import structlog

from services.audit.domain.proof_refused import ProofRefused
from shared.errors import Unavailable
from shared.service.periodic import repeat
from shared.telemetry.health import Condition
from shared.web.unredirected import open_unredirected

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
        asked = Request(  # noqa: S310 - the settings admit http and https only
            self._url, data=request, headers={"Content-Type": "application/timestamp-query"}
        )
        try:
            with open_unredirected(asked, timeout=_TIMEOUT_S) as answer:
                return answer.read(_MAX_ANSWER)
        except HTTPError as refused:
            refused.close()
            raise
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
        self._pause = pause
        self._log = structlog.get_logger().bind(part="timestamps")

    async def run(self) -> None:
        """Go on until cancelled."""
        await repeat(
            self._round,
            every=self._pause,
            part="timestamps",
            failure="no time stamp",
            condition=self._condition,
            failures=(OSError, ProofRefused, Unavailable),
        )

    async def _round(self) -> None:
        if await self._stamp():
            self._log.info("checkpoint stamped")
        self._condition.set("ready")

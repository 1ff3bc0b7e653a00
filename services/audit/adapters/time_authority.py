"""Asking a time-stamping authority over HTTP (RFC 3161 section 3.4), and doing so every day."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import httpx
import structlog

from services.audit.domain.proof_refused import ProofRefused
from shared.errors import Unavailable
from shared.service.periodic import repeat
from shared.telemetry.health import Condition

_TIMEOUT_S: Final = 20
_MAX_ANSWER: Final = 64 * 1024


class TimeAuthority:
    """One authority; an answer that is not whole after ``answer_seconds`` is none."""

    def __init__(self, url: str, *, answer_seconds: float = _TIMEOUT_S) -> None:
        self._url = url
        self._answer_seconds = answer_seconds
        self._trusted = ssl.create_default_context()

    async def ask(self, request: bytes) -> bytes:
        """Send a request (DER) and return the response (DER), which is not verified.

        Raises:
            OSError: the authority cannot be reached, or answers with something else.
        """
        try:
            # The time of httpx begins anew with every byte; this one does not.
            async with asyncio.timeout(self._answer_seconds):
                return await self._asked(request)
        except (httpx.HTTPError, httpx.InvalidURL) as bad:
            raise OSError(f"the time-stamping authority does not answer: {type(bad).__name__}") from bad

    async def _asked(self, request: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query", "Accept-Encoding": "identity"}
        async with (
            httpx.AsyncClient(verify=self._trusted, follow_redirects=False) as http,
            http.stream("POST", self._url, content=request, headers=headers) as answer,
        ):
            if not answer.is_success:
                raise OSError(f"the time-stamping authority answers {answer.status_code}")
            content = b""
            async for piece in answer.aiter_raw():
                content += piece
                if len(content) > _MAX_ANSWER:
                    raise OSError("the time-stamping authority's answer is too long")
            return content


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

"""Bodies of requests: how long they may be, route by route, and how slowly they may come."""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import Problem

GRACE_SECONDS: Final = 10.0
BYTES_A_SECOND: Final = 16 * 1024
"""A body may take ``GRACE_SECONDS``, and beyond that a second for each so many bytes that have come."""


class BodyLimit:
    """Ends a body that is too long, announced or not, before it fills the memory; and one that hardly comes.

    ``routes`` maps path templates to limits of their own, in bytes.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit: int,
        routes: Mapping[str, int],
        grace: float = GRACE_SECONDS,
        pace: int = BYTES_A_SECOND,
    ) -> None:
        self._app = app
        self._limit = limit
        self._routes = [(compile_path(path)[0], most) for path, most in routes.items()]
        self._pace = (grace, pace)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        body = _Body(receive, limit=limit, pace=self._pace)
        too_long = announced.isdigit() and int(announced) > limit
        await self._app(scope, body.refuse if too_long else body.receive, send)

    def _limit_of(self, path: str) -> int:
        return next((most for pattern, most in self._routes if pattern.match(path)), self._limit)


class _Body:
    """One body as it comes in; its time runs from when it is first asked for."""

    def __init__(self, receive: Receive, *, limit: int, pace: tuple[float, int]) -> None:
        self._receive = receive
        self._limit = limit
        self._grace, self._rate = pace
        self._received = 0
        self._began: float | None = None
        self._complete = False

    async def refuse(self) -> Message:
        """Nothing of it is read; a route that does not ask for its body answers without it."""
        raise _too_large(self._limit)

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        try:
            async with asyncio.timeout_at(self._began + self._grace + self._received / self._rate):
                message = await self._receive()
        except TimeoutError:
            raise _too_slow() from None
        self._received += len(message.get("body", b""))
        if self._received > self._limit:
            raise _too_large(self._limit)
        self._complete = not message.get("more_body", False)
        return message


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "too-large",
        title="Too large",
        detail=f"The request's body is larger than {limit} bytes.",
        resolution="Send less; files do not belong into the request itself.",
    )


def _too_slow() -> Problem:
    return Problem(
        408,
        "too-slow",
        title="Too slow",
        detail="The request's body did not arrive in time.",
        resolution="Send the same request again, over a faster connection.",
    )

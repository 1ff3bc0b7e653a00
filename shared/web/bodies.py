"""Bodies of requests: whose are read, how long and how slow they may be, and that JSON reads the same to everybody."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Unavailable
from shared.web.bilingual import Bilingual
from shared.web.gates import pass_gates
from shared.web.json_bodies import check_json, takes_json
from shared.web.origins import asker
from shared.web.problems import Postponed, Problem

GRACE_SECONDS: Final = 10.0
BYTES_A_SECOND: Final = 16 * 1024
"""A body may take ``GRACE_SECONDS``, and beyond that a second for each so many bytes that have come."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""How much of all bodies together may lie in memory, from their first byte to the end of their requests."""


class BodiesInMemory:
    """How much has come in of whose bodies; nobody takes more than half, so that others are served meanwhile."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._total = 0
        self._of: Counter[str] = Counter()

    def take(self, whose: str, size: int) -> bool:
        """Count in what has come; False, and nothing counted, where there is no room."""
        if self._total + size > self._most or self._of[whose] + size > self._most // 2:
            return False
        self._total += size
        self._of[whose] += size
        return True

    def give_back(self, whose: str, size: int) -> None:
        """Count out what is no longer held."""
        self._total -= size
        self._of[whose] -= size
        if not self._of[whose]:
            del self._of[whose]


class BodyLimit:
    """Reads the body of who has passed the route's gates, as far as limits, pace and memory allow.

    ``routes`` maps path templates to limits of their own, in bytes. A slow sender holds what has come of the body, and
    nothing else: who works on requests takes its slot after the body.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit: int,
        routes: Mapping[str, int],
        grace: float = GRACE_SECONDS,
        pace: int = BYTES_A_SECOND,
        most: int = MOST_BYTES,
    ) -> None:
        self._app = app
        self._limit = limit
        self._routes = [(compile_path(path)[0], most) for path, most in routes.items()]
        self._pace = (grace, pace)
        self._memory = BodiesInMemory(most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(
            scope, receive, limit=self._limit_of(scope["path"]), pace=self._pace, memory=self._memory
        )
        try:
            await self._app(scope, body.receive, send)
        finally:
            body.forget()

    def _limit_of(self, path: str) -> int:
        return next((most for pattern, most in self._routes if pattern.match(path)), self._limit)


class _Body:
    """One body as it comes in; its time runs from when it is first asked for and its sender is let in."""

    def __init__(
        self, scope: Scope, receive: Receive, *, limit: int, pace: tuple[float, int], memory: BodiesInMemory
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._limit = limit
        self._grace, self._rate = pace
        self._memory = memory
        self._whose = ""
        self._received = 0
        self._began: float | None = None
        self._complete = False
        self._pieces: list[bytes] | None = None

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            HTTPException: the sender is not let in, or the body is not taken.
        """
        if self._complete:
            return await self._receive()
        if self._began is None:
            await self._begin()
        began = self._began or 0.0
        try:
            async with asyncio.timeout_at(began + self._grace + self._received / self._rate):
                message = await self._receive()
        except TimeoutError:
            raise too_slow() from None
        self._take(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._complete:
            await self._read()
        return message

    def forget(self) -> None:
        """The request is over."""
        if self._received:
            self._memory.give_back(self._whose, self._received)
            self._received = 0

    async def _begin(self) -> None:
        """Gates, then what is announced: nothing of the body has been asked for."""
        try:
            name = await pass_gates(self._scope)
        except HTTPException:
            raise
        except Unavailable as away:
            raise Postponed(away) from away  # FastAPI takes any other error for one of the body
        self._whose = f"principal {name}" if name is not None else asker(HTTPConnection(self._scope))
        # Zeros in front count for nothing, except that Python reads no number of thousands of digits.
        announced = dict(self._scope["headers"]).get(b"content-length", b"").lstrip(b"0")
        if announced.isdigit() and int(announced) > self._limit:
            raise _too_large(self._limit)
        self._pieces = [] if takes_json(self._scope) else None
        self._began = asyncio.get_running_loop().time()

    def _take(self, piece: bytes) -> None:
        size = len(piece)
        if self._received + size > self._limit:
            raise _too_large(self._limit)
        if not self._memory.take(self._whose, size):
            raise _too_many()
        self._received += size
        if self._pieces is not None:
            self._pieces.append(piece)

    async def _read(self) -> None:
        """JSON is checked as soon as it is complete; that nothing was sent is for the route to say."""
        if self._pieces and self._received:
            await check_json(b"".join(self._pieces))
        self._pieces = None


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "too-large",
        title=Bilingual(de="Zu groß", en="Too large"),
        detail=Bilingual(
            de=f"Der Inhalt der Anfrage ist größer als {limit} Bytes.",
            en=f"The request's body is larger than {limit} bytes.",
        ),
        resolution=Bilingual(
            de="Weniger senden; Dateien gehören nicht in die Anfrage selbst.",
            en="Send less; files do not belong into the request itself.",
        ),
    )


def too_slow() -> Problem:
    """The body came too slowly."""
    return Problem(
        408,
        "too-slow",
        title=Bilingual(de="Zu langsam", en="Too slow"),
        detail=Bilingual(
            de="Der Inhalt der Anfrage kam nicht rechtzeitig an.",
            en="The request's body did not arrive in time.",
        ),
        resolution=Bilingual(
            de="Dieselbe Anfrage noch einmal senden, über eine schnellere Verbindung.",
            en="Send the same request again, over a faster connection.",
        ),
    )


def _too_many() -> Problem:
    return Problem(
        503,
        "too-many-in-flight",
        title=Bilingual(de="Zu viele Anfragen zugleich", en="Too many requests at once"),
        detail=Bilingual(
            de="Die Inhalte laufender Anfragen füllen den Speicher, der dafür vorgesehen ist.",
            en="The bodies of requests that are under way fill the memory that is set apart for them.",
        ),
        resolution=Bilingual(
            de="Dieselbe Anfrage nach den Sekunden in Retry-After noch einmal senden, und weniger auf einmal.",
            en="Send the same request again after the seconds in Retry-After, and fewer at a time.",
        ),
        headers={"Retry-After": "1"},
    )

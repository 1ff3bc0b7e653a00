"""A webhook's receiver on a real socket, which answers as a test wants it to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

FINE = b"HTTP/1.1 204 No Content\r\n\r\n"


def answering(status: str, *headers: str) -> bytes:
    """An answer without a body."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""]).encode()


@dataclass(frozen=True)
class Call:
    """One request, as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """``answer`` says what is sent back to a call; None: nothing, until the caller gives up."""

    answer: Callable[[Call], bytes | None] = lambda _: FINE
    calls: list[Call] = field(default_factory=list)
    url: str = ""
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def ids(self) -> list[str]:
        return [call.webhook_id for call in self.calls]

    async def until(self, seen: Callable[["Receiver"], bool], *, seconds: float = 120) -> None:
        """Wait for calls until this is so."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: seen(self))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")[1:-2]
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                call = Call(headers, body)
                answer = self.answer(call)
                async with self._came:
                    self.calls.append(call)
                    self._came.notify_all()
                if answer is None:
                    await reader.read()
                    break
                writer.write(answer)
                await writer.drain()
        self._open.discard(writer)
        writer.close()

    def hang_up(self) -> None:
        """Close what is open."""
        for writer in self._open:
            writer.close()


@asynccontextmanager
async def receiving(answer: Callable[[Call], bytes | None] = lambda _: FINE) -> AsyncIterator[Receiver]:
    """A receiver at a free port of this machine."""
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}/amtsweg"
    try:
        yield receiver
    finally:
        server.close()
        receiver.hang_up()

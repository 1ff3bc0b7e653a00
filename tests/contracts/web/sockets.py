"""Raw sockets against a server: what no HTTP client would send."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from fastapi import FastAPI

from shared.telemetry.health import Health
from shared.web.app import HttpServer
from shared.web.limits import HttpLimits


@dataclass
class Answered:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The last part of a problem's type."""
        return str(json.loads(self.body)["type"]).rpartition(":")[2]


class Line:
    """One connection, byte by byte; ``serving`` closes it."""

    opened: ClassVar[list["Line"]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.opened.append(self)

    @classmethod
    async def to(cls, server: HttpServer) -> Self:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        return cls(*await asyncio.open_connection(host.strip("[]"), int(port)))

    async def send(self, data: bytes) -> None:
        with suppress(ConnectionError):  # the server may have closed; the answer says why
            self.writer.write(data)
            await self.writer.drain()

    async def answer(self, *, head: bool = False) -> Answered:
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = 0 if head else int(headers.get("content-length", "0"))
        return Answered(int(first.split()[1]), headers, await self.reader.readexactly(length))

    async def ended(self) -> bytes:
        """What still comes until the server closes."""
        try:
            return await self.reader.read()
        except (ConnectionResetError, BrokenPipeError):
            return b""

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


@asynccontextmanager
async def serving(
    app: FastAPI, *, limits: HttpLimits | None = None, **named: Any
) -> AsyncIterator[HttpServer]:
    """The app on a free port of loopback while the block runs."""
    server = HttpServer(app, host="127.0.0.1", port=0, health=Health(), limits=limits, **named)
    running = asyncio.ensure_future(server.run())
    async with asyncio.timeout(10):
        await server.started.wait()
    try:
        yield server
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        while Line.opened:
            await Line.opened.pop().close()

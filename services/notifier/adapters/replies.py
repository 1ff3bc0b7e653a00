"""Several commands in one write and their answers in order, which aiosmtplib cannot: it greets, encrypts and logs in before."""

import asyncio
from typing import Final, NamedTuple, cast

import aiosmtplib

_LONGEST: Final = 32_768
_LINE_WITH_CODE: Final = 3


class SmtpReply(NamedTuple):
    """What a server answered; the lines of its text are joined."""

    code: int
    text: str


class Replies(asyncio.Protocol):
    """Takes over an open connection. What comes with the answer to an earlier command waits for its own."""

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # every stream has all its methods
        self._owed = 0
        self._came = bytearray()
        self._more = asyncio.Event()
        self._lost = False
        transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        if self._owed:  # else nobody has asked for it
            self._came.extend(data)
            self._more.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        self._lost = True
        self._more.set()

    def ask(self, *commands: str) -> None:
        """Write the commands at once; `reply` returns their answers in order."""
        for command in commands:
            if not (command.isascii() and command.isprintable()):
                raise ValueError("a command would hold a control character")
        self._write("".join(f"{command}\r\n" for command in commands).encode("ascii"), owed=len(commands))

    def give(self, content: bytes) -> None:
        """Write content with its end; `reply` returns the answer."""
        self._write(content, owed=1)

    async def reply(self, seconds: float) -> SmtpReply:
        """Return the next answer.

        Raises:
            aiosmtplib.SMTPException: none came in time, the connection is lost, or it cannot be read.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._next()
        except TimeoutError:
            raise aiosmtplib.SMTPReadTimeoutError("no answer") from None
        finally:
            self._owed -= 1
            if not self._owed:
                self._came.clear()  # nobody has asked for it: it answers no later command

    def _write(self, data: bytes, *, owed: int) -> None:
        if self._lost or self._transport.is_closing():
            raise aiosmtplib.SMTPServerDisconnected("the connection is lost")
        self._owed += owed
        self._transport.write(data)

    async def _next(self) -> SmtpReply:
        texts, size = [], 0
        while True:
            line = await self._line()
            size += len(line)
            if not line[:_LINE_WITH_CODE].isdigit() or size > _LONGEST:
                raise aiosmtplib.SMTPResponseException(-1, "no answer that can be read")
            texts.append(line[_LINE_WITH_CODE + 1 :].strip().decode("ascii", "replace"))
            if line[_LINE_WITH_CODE : _LINE_WITH_CODE + 1] != b"-":
                return SmtpReply(int(line[:_LINE_WITH_CODE]), "\n".join(texts))

    async def _line(self) -> bytes:
        while (end := self._came.find(b"\n") + 1) == 0:
            if self._lost:
                raise aiosmtplib.SMTPServerDisconnected("the connection is lost")
            if len(self._came) > _LONGEST:
                raise aiosmtplib.SMTPResponseException(-1, "no answer that can be read")
            self._more.clear()
            await self._more.wait()
        line = bytes(self._came[:end])
        del self._came[:end]
        return line

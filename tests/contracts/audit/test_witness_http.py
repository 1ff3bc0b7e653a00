"""A witness that answers without end, on real sockets: it is one that has not answered."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing

import pytest

from services.audit.adapters.witness_http import WitnessHttp
from services.audit.domain.witnessing import Reply

pytestmark = pytest.mark.slow

Say = Callable[[], AsyncIterator[bytes]]


@asynccontextmanager
async def asked(say: Say, *, answer_seconds: float) -> AsyncIterator["asyncio.Task[Reply]"]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"old 0\n\n")
            async for piece in say():
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/add-checkpoint"
    async with server:
        with closing(WitnessHttp(answer_seconds=answer_seconds)) as witnesses:
            yield asyncio.create_task(witnesses.ask(url, b"old 0\n\n"))


@pytest.mark.parametrize("begun", [b"Content-Length: 60000\r\n\r\n", b"X: "], ids=["body", "head"])
async def test_an_answer_that_drips_without_end_is_none(begun: bytes) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n" + begun
        for _ in range(1500):
            yield b"x"
            await asyncio.sleep(0.02)

    async with asked(dripping, answer_seconds=0.3) as asking:
        done, _ = await asyncio.wait({asking}, timeout=20)
        assert done == {asking}
        assert isinstance(asking.exception(), OSError)


async def test_an_answer_in_time_is_taken() -> None:
    async def whole() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nno"

    async with asked(whole, answer_seconds=30) as asking:
        assert await asking == Reply(404, "text/plain", b"no")

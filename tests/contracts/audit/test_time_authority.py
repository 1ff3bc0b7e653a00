"""A time-stamping authority that answers without end, on real sockets: it is one that has not answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.audit.adapters.time_authority import TimeAuthority

pytestmark = pytest.mark.slow


@asynccontextmanager
async def authority(begun: bytes, *, pieces: int = 0, every_seconds: float = 0.0) -> AsyncIterator[str]:
    """Its address. It begins an answer, and then says as many letters, each after a while."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(begun)
            for _ in range(pieces):
                await asyncio.sleep(every_seconds)
                writer.write(b"x")
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@pytest.mark.parametrize("begun", [b"Content-Length: 60000\r\n\r\n", b"X: "], ids=["body", "head"])
async def test_an_answer_that_drips_without_end_is_none(begun: bytes) -> None:
    async with authority(b"HTTP/1.1 200 OK\r\n" + begun, pieces=1500, every_seconds=0.02) as url:
        asking = asyncio.create_task(TimeAuthority(url, answer_seconds=0.3).ask(b"asked"))
        done, _ = await asyncio.wait({asking}, timeout=20)
        assert done == {asking}
        assert isinstance(asking.exception(), OSError)


@pytest.mark.parametrize(
    "said",
    [
        b"no HTTP\r\n\r\n",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + bytes(70_000),
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx",
    ],
    ids=["garbage", "an error", "too long", "cut"],
)
async def test_an_answer_that_is_none_is_told_as_one(said: bytes) -> None:
    async with authority(said) as url:
        with pytest.raises(OSError, match="time-stamping authority"):
            await TimeAuthority(url).ask(b"asked")


async def test_an_answer_in_time_is_taken_as_it_came() -> None:
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\nno"
    async with authority(said) as url:
        assert await TimeAuthority(url, answer_seconds=30).ask(b"asked") == b"no"

"""The way out on real sockets: nobody's answer keeps us, nobody's name leads us into our own network."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from shared.web.egress import Egress, EgressAnswer, NotPermitted, NotReached

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[int]:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def names(host: str, port: int) -> Sequence[str]:
    assert port
    return {"near.example": ["127.0.0.1"], "mixed.example": ["1.1.1.1", "10.0.0.1"], "none.example": []}[host]


async def post(port: int, host: str = "127.0.0.1", *, seconds: float = 5.0) -> EgressAnswer:
    async with Egress(allowed=LOOPBACK, resolve=_literal_or_named) as egress:
        return await egress.post(f"http://{host}:{port}/hook", b"{}", headers={}, seconds=seconds)


async def _literal_or_named(host: str, port: int) -> Sequence[str]:
    return [host] if host[0].isdigit() else await names(host, port)


def saying(text: bytes) -> Talk:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return talk


async def test_the_name_stays_in_the_request_and_the_vetted_address_is_connected_to() -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readexactly(2))
        writer.write(b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n")

    async with talking(talk) as port:
        answer = await post(port, "near.example")

    assert answer == EgressAnswer(204, {"x-a": "b"})
    assert seen == [b"{}"]


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    asked: list[int] = []

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(1)
        writer.write(b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    async with talking(talk) as port:
        assert (await post(port)).status == 307
    assert asked == [1]


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01garbage\r\n\r\n",
        b"",
        b"HTTP/1.1 999999 no\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 300_000,
    ],
)
async def test_a_malformed_answer_counts_as_not_reached(said: bytes) -> None:
    async with talking(saying(said)) as port:
        with pytest.raises(NotReached):
            await post(port)


async def test_an_answer_without_end_is_cut_off() -> None:
    sent = 0

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async with talking(talk) as port:
        assert (await post(port)).status == 200
    assert sent < 32 * 1024 * 1024  # what the kernels hold between us; more was offered


async def test_an_answer_that_drips_is_given_up_in_time() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    began = time.monotonic()
    async with talking(talk) as port:
        with pytest.raises(NotReached, match="within"):
            await post(port, seconds=1.0)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("host", ["mixed.example", "10.0.0.1", "[::ffff:10.0.0.1]", "169.254.169.254"])
async def test_a_name_or_address_inside_is_never_connected_to(host: str) -> None:
    async with Egress(resolve=names) as egress:
        with pytest.raises(NotPermitted):
            await egress.post(f"https://{host}/", b"{}", headers={}, seconds=5.0)


async def test_plain_http_leads_to_this_machine_only_even_if_other_networks_are_allowed() -> None:
    async with Egress(allowed=[*LOOPBACK, ip_network("10.0.0.0/8")], resolve=names) as egress:
        for url in ("http://10.0.0.1/", "http://mixed.example/", "http://1.1.1.1/"):
            with pytest.raises(NotPermitted):
                await egress.post(url, b"{}", headers={}, seconds=5.0)


async def test_a_name_without_an_address_is_not_reached() -> None:
    async with Egress(resolve=names) as egress:
        with pytest.raises(NotReached):
            await egress.post("https://none.example/", b"{}", headers={}, seconds=5.0)


@pytest.mark.parametrize("then", ["127.0.0.2", "10.0.0.1", "169.254.169.254", "::1", "0.0.0.0"])
async def test_a_name_that_is_resolved_anew_to_another_address_is_looked_at_again(then: str) -> None:
    """DNS rebinding: the address that was looked at is the one that is connected to, on each connection."""
    asked: list[str] = []
    answers = iter(["127.0.0.1", then])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(f"{host}:{port}")
        return [next(answers)]

    reached: list[str] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(writer.get_extra_info("sockname")[0])
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(one, ["127.0.0.1"], 0)
    port = server.sockets[0].getsockname()[1]
    other = await asyncio.start_server(one, ["127.0.0.2"], port)
    async with server, other, Egress(allowed=[ip_network("127.0.0.1/32")], resolve=rebinding) as egress:
        url = f"http://rebinding.invalid:{port}/hook"
        assert (await egress.post(url, b"{}", headers={}, seconds=5)).status == 204
        with pytest.raises(NotPermitted):
            await egress.post(url, b"{}", headers={}, seconds=5)
    assert reached == ["127.0.0.1"]
    assert asked == [f"rebinding.invalid:{port}"] * 2, "each connection has one resolution of its own"

"""Requests that a proxy and we could understand differently: refused, and nothing that hides behind them is answered."""

from collections.abc import AsyncIterator

import pytest
from fastapi import Request

from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, create_app
from shared.web.limits import HttpLimits
from tests.contracts.web.sockets import Line, serving

HIDDEN = b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n"
BODY = b'{"a":1}'
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    app = create_app(title="test", version="1", health=Health(), telemetry=Telemetry(), body_limit=1000)

    async def raw(request: Request) -> int:
        return len(await request.body())

    app.post("/raw")(raw)
    async with serving(app, limits=HttpLimits(linger_seconds=0.2)) as server:
        yield server


def post(more: bytes, body: bytes = BODY) -> bytes:
    return b"POST /raw HTTP/1.1\r\nHost: test\r\n" + more + b"\r\n" + body


REFUSED = {
    "a length twice": post(b"Content-Length: 7\r\nContent-Length: 7\r\n"),
    "two lengths": post(b"Content-Length: 7\r\nContent-Length: 0\r\n"),
    "a list of lengths": post(b"Content-Length: 7, 7\r\n"),
    "a signed length": post(b"Content-Length: +7\r\n"),
    "a hexadecimal length": post(b"Content-Length: 0x7\r\n"),
    "a length without end": post(b"Content-Length: 99999999999999999999999\r\n"),
    "length and chunks": post(b"Content-Length: 4\r\n" + CHUNKED, b"0\r\n\r\n" + HIDDEN),
    "chunks and length": post(CHUNKED + b"Content-Length: 4\r\n", b"0\r\n\r\n" + HIDDEN),
    "another coding": post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + HIDDEN),
    "identity": post(b"Transfer-Encoding: identity\r\n", HIDDEN),
    "identity behind chunks": post(CHUNKED + b"Transfer-Encoding: identity\r\n", b"0\r\n\r\n" + HIDDEN),
    "a coding within chunks": post(
        b"Transfer-Encoding: gzip, chunked\r\n", b"7\r\n" + BODY + b"\r\n0\r\n\r\n"
    ),
    "codings in two lines": post(
        b"Transfer-Encoding: gzip\r\n" + CHUNKED, b"7\r\n" + BODY + b"\r\n0\r\n\r\n"
    ),
    "chunks of HTTP/1.0": post(CHUNKED, b"7\r\n" + BODY + b"\r\n0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a blank before the colon": post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + HIDDEN),
    "a vertical tab": post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n" + HIDDEN),
    "a line feed alone": b"POST /raw HTTP/1.1\nHost: test\nContent-Length: 7\n\n" + BODY,
    "a carriage return in a value": post(b"x: a\rContent-Length: 7\r\n"),
    "a folded line": post(b"x: a\r\n b\r\nContent-Length: 7\r\n"),
    "a NUL": post(b"x: a\x00b\r\nContent-Length: 7\r\n"),
    "a chunk that is longer than it says": post(CHUNKED, b"2\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a chunk with a signed size": post(CHUNKED, b"-7\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a chunk without end": post(CHUNKED, b"FFFFFFFFFFFFFFFFF\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunks ended by line feeds": post(CHUNKED, b"7\n" + BODY + b"\n0\n\n"),
    "no host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "HTTP/0.9": b"GET /health/live\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: test\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_two_readers_could_read_differently_is_refused(server: HttpServer, name: str) -> None:
    line = await Line.to(server)
    await line.send(REFUSED[name])
    assert (await line.answer()).status == 400
    assert await line.ended() == b""


@pytest.mark.parametrize(("length", "status"), [(b"7", 200), (b"1001", 413)])
async def test_a_length_behind_thousands_of_zeros_is_that_length(
    server: HttpServer, length: bytes, status: int
) -> None:
    line = await Line.to(server)
    await line.send(post(b"Content-Length: " + b"0" * 5000 + length + b"\r\n"))
    assert (await line.answer()).status == status


async def test_http_1_0_needs_no_host(server: HttpServer) -> None:
    line = await Line.to(server)
    await line.send(b"GET /health/live HTTP/1.0\r\n\r\n")
    assert (await line.answer()).status == 200


async def test_who_speaks_1_0_is_not_told_to_go_on(server: HttpServer) -> None:
    head = post(b"Content-Length: 7\r\nExpect: 100-continue\r\n", b"").replace(b"HTTP/1.1", b"HTTP/1.0")
    line = await Line.to(server)
    await line.send(head)
    await line.send(BODY)
    assert (await line.answer()).status == 200


OTHER_LINES = {"a line feed alone", "HTTP/0.9", "HTTP/2", "a tunnel", "no host"}
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"


@pytest.mark.parametrize("cut", [0, 40, -len(BODY), -3])
@pytest.mark.parametrize("framed", [b"Content-Length: 7\r\n", CHUNKED])
async def test_an_offer_of_another_protocol_is_ignored_and_the_body_read(
    server: HttpServer, cut: int, framed: bytes
) -> None:
    body = BODY if framed != CHUNKED else b"7\r\n" + BODY + b"\r\n0\r\n\r\n"
    sent = post(H2C + framed, body)
    line = await Line.to(server)

    await line.send(sent[:cut])
    await line.send(sent[cut:])
    first = await line.answer()
    await line.send(HIDDEN)

    assert (first.status, first.body) == (200, b"7")
    assert (await line.answer()).status == 200


async def test_a_connection_that_is_to_end_ends_although_it_offers_another_protocol(
    server: HttpServer,
) -> None:
    line = await Line.to(server)
    await line.send(HIDDEN[:-2] + H2C.replace(b"Upgrade,", b"close, upgrade,") + b"\r\n")

    assert (await line.answer()).status == 200
    assert await line.ended() == b""


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in OTHER_LINES])
async def test_an_offer_hides_nothing_that_is_refused(server: HttpServer, name: str) -> None:
    request, _, rest = REFUSED[name].partition(b"\r\n")
    line = await Line.to(server)
    await line.send(request + b"\r\n" + H2C + rest)
    assert (await line.answer()).status == 400
    assert await line.ended() == b""

"""Every service's application behind its real server: the limits that hold for all, and what an answer carries."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from fastapi import FastAPI
from structlog.typing import EventDict

from shared.telemetry.logs import FIELDS
from shared.web.app import HttpServer
from shared.web.request_log import QUIET
from tests.contracts.web.sockets import Line, serving
from tests.support.apps import SERVICES, app_of

pytestmark = pytest.mark.slow

LARGEST_ANONYMOUS = 64 * 1024
"""The largest body before the client has said who it is."""


@pytest.fixture(params=SERVICES)
async def app(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with app_of(request.param, tmp_path) as app:
        yield app


@pytest.fixture
async def server(app: FastAPI) -> AsyncIterator[HttpServer]:
    async with serving(app) as server:
        yield server


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def routes(app: FastAPI, method: str) -> list[str]:
    """A path for each route with this method, its parameters filled."""
    filled = {"{index}": "1", "{day}": "2026-01-12", "{": "", "}": ""}
    paths = [path for path, methods in app.openapi()["paths"].items() if method.lower() in methods]
    for old, new in filled.items():
        paths = [path.replace(old, new) for path in paths]
    return paths


async def test_a_head_is_at_most_32_kib(server: HttpServer) -> None:
    fits, exceeds = await Line.to(server), await Line.to(server)
    await fits.send(b"GET /health/live HTTP/1.1\r\nHost: test\r\nx: " + b"a" * 32_000 + b"\r\n\r\n")
    await exceeds.send(b"GET /health/live HTTP/1.1\r\nHost: test\r\nx: " + b"a" * 33_000 + b"\r\n\r\n")
    assert [(await line.answer()).status for line in (fits, exceeds)] == [200, 431]


async def test_no_route_reads_a_large_body_of_a_stranger(app: FastAPI, server: HttpServer) -> None:
    for path in routes(app, "POST"):
        line = await Line.to(server)
        head = f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        await line.send(head.encode())
        sent, chunk = 0, b"x" * 4096
        while sent <= LARGEST_ANONYMOUS and not line.reader.at_eof():
            await line.send(b"1000\r\n" + chunk + b"\r\n")
            sent += len(chunk)
        answer = await line.answer()
        assert answer.status in {400, 401, 413}, path


async def test_every_get_answers_head_alike(app: FastAPI, server: HttpServer) -> None:
    for path in [*routes(app, "GET"), "/openapi.json"]:
        line = await Line.to(server)
        await line.send(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        got = await line.answer()
        await line.send(f"HEAD {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        looked = await line.answer(head=True)
        assert (looked.status, looked.headers.get("content-type")) == (
            got.status,
            got.headers.get("content-type"),
        ), path
        await line.close()


async def test_no_answer_is_sniffed_and_none_is_stored_unless_it_says_so(
    app: FastAPI, server: HttpServer
) -> None:
    for path in [*routes(app, "GET"), "/openapi.json", "/nowhere"]:
        line = await Line.to(server)
        await line.send(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        headers = (await line.answer()).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "cache-control" in headers, path
        await line.close()


async def test_one_line_tells_of_a_request_and_nothing_of_what_was_typed(
    app: FastAPI, server: HttpServer, log: list[EventDict]
) -> None:
    typed = "erika-mustermann"
    asked = [path for path in routes(app, "GET") if path not in QUIET]
    asked += [f"/{typed}", f"/v1/cases/{typed}/history?x={typed}", f"/v1/parked/{typed}"]
    for path in [*asked, *QUIET]:
        line = await Line.to(server)
        await line.send(f"GET {path} HTTP/1.1\r\nHost: test\r\nReferer: {typed}\r\n\r\n".encode())
        await line.answer()
        await line.close()
    told = [each for each in log if each["event"] == "request"]
    assert len(told) == len(asked)
    for each in told:
        assert {"method", "route", "status", "ms", "trace_id"} <= each.keys()
        assert each.keys() - {"log_level"} <= FIELDS
    assert typed not in json.dumps(log, default=str)


async def test_the_trace_of_a_request_is_the_callers(server: HttpServer, log: list[EventDict]) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    line = await Line.to(server)
    await line.send(
        f"GET /x HTTP/1.1\r\nHost: test\r\ntraceparent: 00-{trace}-00f067aa0ba902b7-01\r\n\r\n".encode()
    )
    await line.answer()
    assert [each["trace_id"] for each in log if each["event"] == "request"] == [trace]

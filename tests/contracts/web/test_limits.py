"""What the server refuses before the application is asked, over real sockets with short limits."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from fastapi import Request
from fastapi.responses import StreamingResponse
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.typing import EventDict

from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, create_app
from shared.web.bodies import BodyLimit
from shared.web.limits import HttpLimits
from tests.contracts.web.sockets import Line, serving

pytestmark = pytest.mark.slow

LIMITS = HttpLimits(
    head_bytes=4096,
    head_seconds=0.5,
    unread_seconds=0.5,
    linger_seconds=0.5,
    keep_alive_seconds=2,
    connections=8,
    connections_per_address=5,
)
GET = b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n"
MUCH = 64 * 1024 * 1024


class Application:
    """An app that reads bodies, with the log and the metrics that it made."""

    def __init__(self) -> None:
        self.telemetry = Telemetry()
        self.holding = asyncio.Event()
        self.received: list[int] = []
        self.app = create_app(
            title="test",
            version="1",
            health=Health(),
            telemetry=self.telemetry,
            body_limit=1000,
            body_limits={"/large/{name}": 100_000},
        )
        for middleware in self.app.user_middleware:
            if middleware.cls is BodyLimit:  # type: ignore[comparison-overlap] # typed as a factory
                middleware.kwargs.update(grace=0.5, pace=1000)
        self.app.post("/raw")(self.raw)
        self.app.post("/large/{name}")(self.raw)
        self.app.post("/refused")(self.refused)
        self.app.get("/slow")(self.slow)
        self.app.get("/much")(self.much)

    async def raw(self, request: Request) -> int:
        self.received.append(len(await request.body()))
        return self.received[-1]

    async def refused(self) -> str:
        return "without a look at the body"

    async def slow(self) -> str:
        await asyncio.wait_for(self.holding.wait(), 5)
        return "done"

    async def much(self) -> StreamingResponse:
        return StreamingResponse(iter([b"x" * 1_000_000] * (MUCH // 1_000_000)))

    def counted(self, status: int) -> float:
        return sum(
            sample.value
            for metric in self.telemetry.registry.collect()
            for sample in metric.samples
            if sample.name == "amtsweg_http_requests_total" and sample.labels["status"] == str(status)
        )


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
async def server(application: Application) -> AsyncIterator[HttpServer]:
    async with serving(application.app, limits=LIMITS) as server:
        yield server


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    structlog.reset_defaults()  # another test may have set what is written
    with structlog.testing.capture_logs() as lines:
        yield lines


def post(path: str, length: int, *more: str) -> bytes:
    return "\r\n".join(
        [f"POST {path} HTTP/1.1", "Host: test", f"Content-Length: {length}", *more, "", ""]
    ).encode()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: test\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\nx: " + b"a" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\n" + b"x: y\r\n" * 700 + b"\r\n",
        b"GET /" + b"a" * 5000,
        b"GET / HTTP/1.1\r\nHost: test\r\nx: " + b"a" * 5000,
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 100_000,
        post("/raw", 1).replace(b"Content-Length: 1", b"Transfer-Encoding: chunked")
        + b"0\r\n"
        + b"x: y\r\n" * 900,
    ],
    ids=["line", "header", "headers", "endless line", "endless header", "flood of headers", "trailers"],
)
async def test_a_head_beyond_its_limit_is_refused(server: HttpServer, head: bytes) -> None:
    line = await Line.to(server)
    await line.send(head)
    answer = await line.answer()
    assert (answer.status, answer.kind) == (431, "head-too-large")
    assert await line.ended() == b""


async def test_a_head_of_exactly_the_limit_is_read(server: HttpServer) -> None:
    line = await Line.to(server)
    counted = len(b"/health/live") + len(b"Hosttest") + 4 + len(b"x") + 4
    await line.send(GET[:-2] + b"x: " + b"a" * (LIMITS.head_bytes - counted) + b"\r\n\r\n")
    assert (await line.answer()).status == 200
    await line.close()


async def test_half_a_head_is_ended_in_time(server: HttpServer) -> None:
    line, began = await Line.to(server), time.monotonic()
    await line.send(GET[:20])
    answer = await line.answer()
    assert (answer.status, answer.kind) == (408, "too-slow")
    assert await line.ended() == b""
    assert 0.4 < time.monotonic() - began < 4


@pytest.mark.parametrize("before", [b"", GET], ids=["first", "later"])
async def test_a_head_that_drips_is_ended_in_time(server: HttpServer, before: bytes) -> None:
    line = await Line.to(server)
    await line.send(before)
    if before:
        await line.answer()
    for _ in range(40):
        if line.writer.is_closing() or line.reader.at_eof():
            break
        await line.send(b"\r\n" if before else b"x")
        await asyncio.sleep(0.05)
    await asyncio.wait_for(line.ended(), 4)


async def test_a_connection_that_says_nothing_is_ended_in_time(server: HttpServer) -> None:
    line = await Line.to(server)
    assert await asyncio.wait_for(line.ended(), 4) == b""


async def test_a_connection_rests_until_its_time_is_over(server: HttpServer) -> None:
    line, began = await Line.to(server), time.monotonic()
    for pause in (0, 1.2):
        await asyncio.sleep(pause)
        await line.send(GET)
        assert (await line.answer()).status == 200
    assert await line.ended() == b""
    assert time.monotonic() - began > 1.2 + LIMITS.keep_alive_seconds - 0.1


@pytest.mark.parametrize("path", ["/raw", "/large/one"])
async def test_half_a_body_is_ended_in_time(server: HttpServer, application: Application, path: str) -> None:
    line = await Line.to(server)
    await line.send(post(path, 900) + b"x" * 10)
    answer = await line.answer()
    assert (answer.status, answer.kind) == (408, "too-slow")
    assert await line.ended() == b""
    assert application.received == []


async def test_a_body_that_drips_is_ended_in_time_and_one_that_keeps_pace_is_not(server: HttpServer) -> None:
    drips, walks = await Line.to(server), await Line.to(server)
    await drips.send(post("/large/one", 2500))
    await walks.send(post("/large/one", 2500))
    for _ in range(10):
        await drips.send(b"x")
        await walks.send(b"x" * 250)
        await asyncio.sleep(0.1)
    assert (await walks.answer()).body == b"2500"
    assert (await drips.answer()).status == 408
    await walks.close()


@pytest.mark.parametrize(("path", "most"), [("/raw", 1000), ("/large/one", 100_000)])
async def test_a_body_beyond_the_limit_of_its_route_is_refused_while_it_comes(
    server: HttpServer, application: Application, path: str, most: int
) -> None:
    announced, chunked, fits = [await Line.to(server) for _ in range(3)]
    await announced.send(post(path, most + 1))
    await chunked.send(post(path, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"))
    for _ in range(most // 500 + 1):
        await chunked.send(b"1f4\r\n" + b"x" * 500 + b"\r\n")
    await fits.send(post(path, most) + b"x" * most)
    assert [(await line.answer()).status for line in (announced, chunked, fits)] == [413, 413, 200]
    assert application.received == [most]
    assert await announced.ended() == b""
    assert await chunked.ended() == b""
    await fits.close()


async def test_a_body_that_nobody_wants_keeps_no_connection(server: HttpServer) -> None:
    line = await Line.to(server)
    await line.send(post("/refused", 900_000_000))
    assert (await line.answer()).status == 200
    for _ in range(40):
        if line.reader.at_eof():
            break
        await line.send(b"x")
        await asyncio.sleep(0.05)
    assert line.reader.at_eof()


async def test_one_address_holds_so_many_connections_and_no_more(server: HttpServer) -> None:
    lines = [await Line.to(server) for _ in range(LIMITS.connections_per_address)]
    await asyncio.gather(*(line.send(GET) for line in lines))
    assert [(await line.answer()).status for line in lines] == [200] * len(lines)
    more = await Line.to(server)
    answer = await more.answer()
    assert (answer.status, answer.kind) == (429, "too-many-connections")
    await lines.pop().close()
    await asyncio.sleep(0.1)
    again = await Line.to(server)
    await again.send(GET)
    assert (await again.answer()).status == 200
    for line in [*lines, more, again]:
        await line.close()


async def test_when_all_connections_are_taken_the_one_longest_at_rest_makes_room(
    application: Application,
) -> None:
    async with serving(application.app, limits=HttpLimits(connections=2, linger_seconds=0.2)) as server:
        rests, works = await Line.to(server), await Line.to(server)
        await rests.send(GET)
        await rests.answer()
        await works.send(b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
        await asyncio.sleep(0.1)
        third = await Line.to(server)
        assert await rests.ended() == b""
        await third.send(b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
        await asyncio.sleep(0.1)
        fourth = await Line.to(server)
        assert (await fourth.answer()).status == 503
        application.holding.set()
        assert [(await line.answer()).status for line in (works, third)] == [200, 200]
        for line in (works, third, fourth):
            await line.close()


async def test_a_client_that_does_not_read_its_answer_is_ended(server: HttpServer) -> None:
    line = await Line.to(server)
    await line.send(b"GET /much HTTP/1.1\r\nHost: test\r\n\r\n")
    await asyncio.sleep(1.5)
    assert len(await line.ended()) < MUCH


async def test_a_client_that_hangs_up_is_no_error_of_ours(
    server: HttpServer, application: Application, log: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/raw", "/large/one") * 10:
        line = await Line.to(server)
        await line.send(post(path, 900) + b"x" * 400)
        await line.close()
    line = await Line.to(server)
    await line.send(b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
    await line.close()
    application.holding.set()
    for _ in range(250):
        if application.counted(499) == 20:
            break
        await asyncio.sleep(0.02)
    assert application.counted(499) == 20
    assert application.received == []
    assert application.counted(500) == 0
    assert {each["log_level"] for each in log} == {"info"}
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_every_accepted_request_is_answered_when_the_server_ends(application: Application) -> None:
    async with serving(application.app, limits=LIMITS) as server:
        rests, works = await Line.to(server), await Line.to(server)
        await rests.send(GET)
        await rests.answer()
        await works.send(b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().call_later(0.4, application.holding.set)
        # Sent before the client can know: it has its answer, and is told that it is the last one.
        crossing = asyncio.get_running_loop().call_later(0.15, rests.writer.write, GET)
    assert not crossing.cancelled()
    answers = [await works.answer(), await rests.answer()]
    assert [(answer.status, answer.headers["connection"]) for answer in answers] == [(200, "close")] * 2
    assert [await line.ended() for line in (rests, works)] == [b"", b""]


async def test_requests_sent_before_an_answer_are_answered_in_order_and_limited(server: HttpServer) -> None:
    line = await Line.to(server)
    await line.send(GET * 5)
    assert [(await line.answer()).status for _ in range(5)] == [200] * 5
    flood = await Line.to(server)
    await flood.send(b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n" + GET * 100)
    await flood.close()
    await line.send(GET)
    assert (await line.answer()).status == 200
    await line.close()


async def test_head_is_get_without_a_body_wherever_there_is_get(server: HttpServer) -> None:
    line = await Line.to(server)
    for path in ("/health/live", "/health/ready", "/metrics", "/openapi.json"):
        await line.send(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        got = await line.answer()
        await line.send(f"HEAD {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        looked = await line.answer(head=True)
        assert (looked.status, looked.headers["content-type"]) == (got.status, got.headers["content-type"])
    await line.send(b"HEAD /raw HTTP/1.1\r\nHost: test\r\n\r\n")
    assert (await line.answer(head=True)).status == 405
    await line.close()


async def test_health_and_metrics_move_to_an_address_of_their_own(application: Application) -> None:
    async with serving(application.app, operation=("127.0.0.1", 0)) as server:
        assert server.operation_url != server.url
        public = await Line.to(server)
        for path in (b"/health/live", b"/health/ready", b"/metrics"):
            await public.send(GET.replace(b"/health/live", path))
            assert (await public.answer()).status == 404
        await public.send(GET.replace(b"/health/live", b"/openapi.json"))
        assert (await public.answer()).status == 200
        server.url = server.operation_url
        own = await Line.to(server)
        for path, status in ((b"/health/live", 200), (b"/metrics", 200), (b"/openapi.json", 404)):
            await own.send(GET.replace(b"/health/live", path))
            assert (await own.answer()).status == status
        await public.close()
        await own.close()


@settings(max_examples=25, deadline=None)
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.sampled_from(
                [
                    GET,
                    post("/raw", 5),
                    b"\r\n",
                    b"0\r\n\r\n",
                    b"Transfer-Encoding: chunked\r\n",
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                ]
            ),
        ),
        max_size=6,
    )
)
def test_no_bytes_stop_the_server(pieces: list[bytes]) -> None:
    async def tried() -> None:
        application = Application()
        async with serving(application.app, limits=LIMITS) as server:
            line = await Line.to(server)
            for piece in pieces:
                await line.send(piece)
            line.writer.write_eof()
            await asyncio.wait_for(line.ended(), 5)
            await line.close()
            other = await Line.to(server)
            await other.send(GET)
            assert (await other.answer()).status == 200
            await other.close()

    asyncio.run(tried())

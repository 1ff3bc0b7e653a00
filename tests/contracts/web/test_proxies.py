"""Who asks, where a reverse proxy stands before the service: its word counts, and nobody else's."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI, Request

from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.limits import HttpLimits
from tests.contracts.web.sockets import Line, serving

pytestmark = pytest.mark.slow


def app() -> FastAPI:
    made = create_app(title="test", version="1", health=Health(), telemetry=Telemetry(), body_limit=1000)

    @made.get("/who")
    async def who(request: Request) -> str:
        return request.client.host if request.client else ""

    return made


@pytest.mark.parametrize(
    ("proxies", "told", "who"),
    [
        ((), "203.0.113.9", "127.0.0.1"),
        (("192.0.2.0/24",), "203.0.113.9", "127.0.0.1"),
        (("127.0.0.0/8",), "203.0.113.9", "203.0.113.9"),
        (("127.0.0.1",), "2001:db8::9", "2001:db8::9"),
        (("127.0.0.1/32",), "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (("127.0.0.1", "192.0.2.0/24"), "198.51.100.1, 203.0.113.9, 192.0.2.7", "203.0.113.9"),
        (("127.0.0.1",), "", "127.0.0.1"),
    ],
)
async def test_only_a_proxy_that_is_named_says_who_asks(proxies: Sequence[str], told: str, who: str) -> None:
    async with (
        serving(app(), limits=HttpLimits(proxies=tuple(proxies))) as server,
        httpx.AsyncClient(base_url=server.url) as client,
    ):
        answer = await client.get("/who", headers={"X-Forwarded-For": told} if told else {})
    assert answer.json() == who


@pytest.mark.parametrize(("proxies", "status"), [((), 429), (("127.0.0.1",), 200)])
async def test_a_proxy_holds_any_number_of_connections(proxies: Sequence[str], status: int) -> None:
    limits = HttpLimits(connections_per_address=2, proxies=tuple(proxies))
    async with serving(app(), limits=limits) as server, AsyncExitStack() as lines:
        for _ in range(2):
            held = await Line.to(server)
            lines.push_async_callback(held.close)
        more = await Line.to(server)
        lines.push_async_callback(more.close)
        await more.send(b"GET /who HTTP/1.1\r\nHost: test\r\n\r\n")
        assert (await more.answer()).status == status

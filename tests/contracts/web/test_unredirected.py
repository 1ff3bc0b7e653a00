"""A redirection is an answer like any other refusal: nothing is sent to the place that it names."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from services.audit.adapters.time_authority import TimeAuthority
from shared.web.unredirected import open_unredirected


class _Elsewhere(BaseHTTPRequestHandler):
    """Sends everybody on to itself, and remembers who came."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined] # ours, see below
        self.send_response(302 if self.path == "/" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the base class names it

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as serving:
        serving.asked = []  # type: ignore[attr-defined] # ours
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving
        serving.shutdown()


def test_a_redirection_is_not_followed(server: HTTPServer) -> None:
    with pytest.raises(HTTPError) as refused:
        open_unredirected(Request(f"http://127.0.0.1:{server.server_port}/"), timeout=5)
    refused.value.close()
    assert (refused.value.code, server.asked) == (302, ["/"])  # type: ignore[attr-defined] # ours


async def test_a_time_stamping_authority_sends_us_nowhere(server: HTTPServer) -> None:
    with pytest.raises(OSError, match="302"):
        await TimeAuthority(f"http://127.0.0.1:{server.server_port}/").ask(b"")
    assert server.asked == ["/"]  # type: ignore[attr-defined] # ours

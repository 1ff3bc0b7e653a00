"""`amtsweg status` shows what each service says of itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from amtsweg.stack.readiness import complaint_lines, readiness

pytestmark = pytest.mark.usefixtures("socket_enabled")

READY = {"standing": "ready", "reason": ""}
ONE_COPY = {"standing": "degraded", "reason": "one copy"}


@contextmanager
def service(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/ready" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def report(**parts: object) -> bytes:
    return json.dumps(parts).encode()


def test_a_service_is_ready_degraded_or_not_ready_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMTSWEG_LANG", "en")
    away = {"standing": "unready", "reason": "postgres is away"}
    with (
        service(200, report(outbox=READY)) as whole,
        service(200, report(outbox=READY, copies=ONE_COPY)) as thin,
        service(503, report(outbox=away, copies=ONE_COPY)) as broken,
        service(200, b"no json") as strange,
    ):
        told = readiness(
            {"whole": whole, "thin": thin, "broken": broken, "strange": strange, "gone": "http://127.0.0.1:1"}
        )
    assert {name: each.in_words for name, each in told.items()} == {
        "whole": "ready",
        "thin": "degraded",
        "broken": "not ready",
        "strange": "not ready",
        "gone": "not ready",
    }
    lines = list(complaint_lines(told))
    assert "thin, broken: copies: one copy" in lines
    assert "broken: outbox: postgres is away" in lines
    assert any("gone: http: does not answer" in line for line in lines)


def test_nothing_is_asked_where_no_service_runs() -> None:
    assert readiness({}) == {}

"""`amtsweg status` asks each service what it says of itself, and each server whether it answers at all."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from amtsweg.stack.answering import answering
from amtsweg.stack.readiness import Readiness, readiness

pytestmark = pytest.mark.usefixtures("socket_enabled")

READY = {"standing": "ready", "reason": ""}
ONE_COPY = {"standing": "degraded", "reason": "one copy"}


@contextmanager
def service(status: int, body: bytes) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path in {"/health/ready", "/healthz"} else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def speaking(answer: bytes) -> Iterator[int]:
    """A server that hears one request and answers this."""

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(64)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


def report(**parts: object) -> bytes:
    return json.dumps(parts).encode()


def test_a_service_says_what_it_complains_of_and_silence_is_told_from_a_complaint() -> None:
    away = {"standing": "unready", "reason": "postgres is away"}
    with (
        service(200, report(outbox=READY)) as whole,
        service(200, report(outbox=READY, copies=ONE_COPY)) as thin,
        service(503, report(outbox=away, copies=ONE_COPY)) as broken,
        service(200, b"no json") as strange,
    ):
        ports = {"whole": whole, "thin": thin, "broken": broken, "strange": strange, "gone": 1}
        told = readiness({name: f"http://127.0.0.1:{port}" for name, port in ports.items()})
    silent = Readiness(ready=False, complaints={}, answered=False)
    assert told == {
        "whole": Readiness(ready=True, complaints={}),
        "thin": Readiness(ready=True, complaints={"copies": "one copy"}),
        "broken": Readiness(ready=False, complaints={"outbox": "postgres is away", "copies": "one copy"}),
        "strange": silent,
        "gone": silent,
    }


def test_nothing_is_asked_where_no_service_runs() -> None:
    assert readiness({}) == {}
    assert answering({}) == {}


def test_a_server_that_takes_connections_and_says_nothing_does_not_answer() -> None:
    """As a process does that was stopped, or hangs: the system completes its connections."""
    with (
        socket.create_server(("127.0.0.1", 0)) as hanging,
        speaking(b"S") as postgres,
        service(200, b"ok") as witness,
    ):
        port = hanging.getsockname()[1]
        assert answering({"kafka": port, "postgres": postgres, "witness-1": witness, "redis": 1}) == {
            "kafka": False,
            "postgres": True,
            "witness-1": True,
            "redis": False,
        }

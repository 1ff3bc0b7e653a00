"""Whether a server or helper of the stack answers: an open port is not enough, a process that hangs has one too."""

import http.client
import socket
import struct
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from amtsweg.stack.ports import LOOPBACK

_PATIENCE_SECONDS = 3.0
_KAFKA_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""ApiVersions, version 0, without a client id: the one request that a broker answers before a login."""
_POSTGRES_TLS = struct.pack(">ii", 8, 80877103)
"""SSLRequest: answered with one byte, before a login."""

FIRST_WORDS: Mapping[str, bytes] = {
    "kafka": _KAFKA_VERSIONS,
    "postgres": _POSTGRES_TLS,
    "redis": b"PING\r\n",
    "mail": b"",
}
"""What is said to each server, so that it must answer; a mail server speaks first."""


def answering(ports: Mapping[str, int]) -> dict[str, bool]:
    """For each part, by name and port, whether it answered; all are asked at once."""
    with ThreadPoolExecutor(max_workers=max(len(ports), 1)) as asking:
        return dict(zip(ports, asking.map(_answers, ports, ports.values()), strict=True))


def _answers(name: str, port: int) -> bool:
    try:
        return _answers_bytes(port, FIRST_WORDS[name]) if name in FIRST_WORDS else _answers_http(port)
    except (OSError, http.client.HTTPException):
        return False


def _answers_bytes(port: int, first: bytes) -> bool:
    with socket.create_connection((LOOPBACK, port), timeout=_PATIENCE_SECONDS) as connection:
        connection.sendall(first)
        return bool(connection.recv(1))


def _answers_http(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    finally:
        connection.close()

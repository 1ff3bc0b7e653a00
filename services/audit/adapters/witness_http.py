"""Talking to witnesses over HTTP, one connection kept for each; beyond loopback with TLS, or by a named exception."""

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from services.audit.domain.policy import Trusted
from services.audit.domain.witnessing import Reply
from shared.addresses import protected_url

_MAX_ANSWER = 64 * 1024
_STEP_SECONDS = 3.0
_ANSWER_SECONDS = 10.0
"""How long a whole answer may take: the time of a step begins anew with every byte."""


def require_protected(witnesses: Mapping[str, Trusted], *, in_clear: Collection[str]) -> None:
    """Refuse a policy with an address that is not as every other address must be; ``in_clear`` names exceptions.

    Raises:
        ValueError: the text names the witness, and what is required instead.
    """
    if strangers := set(in_clear) - witnesses.keys():
        raise ValueError(
            f"AMTSWEG_WITNESSES_IN_CLEAR: the policy has no witness {', '.join(sorted(strangers))}"
        )
    for name, witness in witnesses.items():
        if witness.url is None:
            continue
        scheme = urlsplit(witness.url).scheme
        if scheme not in {"http", "https"}:
            raise ValueError(f"policy, witness {name}: expected an https:// URL, as in tlog-policy")
        if name in in_clear and scheme == "http":
            continue
        try:
            protected_url(witness.url)
        except ValueError as clear:
            raise ValueError(f"policy, witness {name}: {clear}") from None


class WitnessHttp:
    """Posts to witnesses; blocking work runs in a thread, for at most three seconds a step and ``answer_seconds`` an answer."""

    def __init__(self, *, answer_seconds: float = _ANSWER_SECONDS) -> None:
        self._answer_seconds = answer_seconds
        self._connections: dict[str, http.client.HTTPConnection] = {}
        self._locks: dict[str, threading.Lock] = {}

    async def ask(self, url: str, body: bytes | None) -> Reply:
        """Post, or get where there is no body, and return the answer.

        Raises:
            OSError: the witness cannot be reached, or does not speak HTTP.
        """
        return await asyncio.to_thread(self._ask, url, body)

    def close(self) -> None:
        """Give up the kept connections."""
        for where in list(self._connections):
            self._forget(where)

    def _ask(self, url: str, body: bytes | None) -> Reply:
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}"
        with self._locks.setdefault(where, threading.Lock()):
            try:
                return self._send(where, parts.path, body)
            except (OSError, http.client.HTTPException):
                # A kept connection may have been closed meanwhile; a new one decides.
                self._forget(where)
            try:
                return self._send(where, parts.path, body)
            except http.client.HTTPException as bad:
                self._forget(where)
                raise OSError("the answer is not HTTP") from bad
            except OSError:
                self._forget(where)
                raise

    def _send(self, where: str, path: str, body: bytes | None) -> Reply:
        connection = self._connections.get(where)
        if connection is None:
            connection = self._connections[where] = self._open(where)
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, body, {"Content-Type": "application/octet-stream"})
        ends = time.monotonic() + self._answer_seconds
        late = threading.Timer(self._answer_seconds, _break_off, (connection.sock,))
        late.start()
        try:
            answer = connection.getresponse()
            content = answer.read(_MAX_ANSWER)
        finally:
            late.cancel()
        if time.monotonic() >= ends:
            raise TimeoutError("the answer took too long")
        if not answer.isclosed():
            self._forget(where)
        return Reply(answer.status, answer.getheader("Content-Type", ""), content)

    def _open(self, where: str) -> http.client.HTTPConnection:
        parts = urlsplit(where)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=_STEP_SECONDS)

    def _forget(self, where: str) -> None:
        connection = self._connections.pop(where, None)
        if connection is not None:
            connection.close()


def _break_off(connected: socket.socket) -> None:
    """Wake the thread that reads from it, which closing would not."""
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)

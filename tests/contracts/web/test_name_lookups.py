"""A name server that says nothing keeps the lookups of whoever named it, and nothing else of the process."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from ipaddress import ip_network

import pytest

from shared.web.egress import Egress, NotReached
from shared.web.name_lookups import MOST_AT_ONCE
from tests.contracts.web.test_egress import saying, talking

pytestmark = pytest.mark.slow

_WORKERS = min(32, (os.cpu_count() or 1) + 4)
"""Threads that asyncio works in when nobody says otherwise."""

_LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While it is not set, no name server answers; the resolver of the system then waits in its thread."""
    answers = threading.Event()

    def waiting(host: str, port: int, **_: object) -> Sequence[object]:
        if host.startswith("silent"):
            answers.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "no name server has answered")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", waiting)
    yield answers
    answers.set()


async def test_names_that_nobody_resolves_keep_neither_threads_of_the_process_nor_other_parties(
    silence: threading.Event,
) -> None:
    said = b"HTTP/1.1 204 No Content\r\n\r\n"
    async with talking(saying(said)) as port, Egress(allowed=_LOOPBACK) as egress:

        async def post(host: str, *, of: str) -> int:
            url = f"http://{host}:{port}/hook"
            return (await egress.post(url, b"{}", headers={}, seconds=5.0, of=of)).status

        hanging = [
            asyncio.ensure_future(
                egress.post("http://silent.invalid/", b"{}", headers={}, seconds=0.2, of=whose)
            )
            for whose in map(str, range(_WORKERS + 2))
        ]
        for each in hanging:
            with pytest.raises(NotReached, match="within"):
                await each

        async with asyncio.timeout(5):
            assert await asyncio.to_thread(threading.active_count)
            assert await post("receiver.invalid", of="another") == 204
        silence.set()


async def test_a_party_has_few_lookups_and_those_that_were_given_up_count(silence: threading.Event) -> None:
    async with Egress(allowed=_LOOPBACK) as egress:
        before = threading.active_count()
        for _ in range(MOST_AT_ONCE + 2):
            with pytest.raises(NotReached):
                await egress.post("http://silent.invalid/", b"{}", headers={}, seconds=0.05, of="one")
        assert threading.active_count() - before == MOST_AT_ONCE
        silence.set()

"""The state platform as a load: an open loop of submissions for every municipality, weighted by population."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import httpx

from amtsweg.stack.description import StackDescription
from benchmarks.support.inboxes import Watch
from benchmarks.support.surroundings import BUSINESS_REGISTRATION, people

AGAIN_SECONDS = 0.2


Send = Callable[[int, float], Coroutine[Any, Any, None]]
"""Sends the submission with this number, due at this moment."""


async def open_loop(send: Send, *, rate: int, seconds: float) -> None:
    """Send at this rate whatever the answers take."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(send(number, due))


class Platform:
    """A client of intake over kept connections; thrifty, because it shares the machine with what it measures."""

    def __init__(self, url: str, token: str, *, watch: Watch, run: str) -> None:
        self._address = urlsplit(url)
        self._token = token
        self._watch = watch
        self._run = run
        everybody = people()
        self._places, self._weights = list(everybody), list(everybody.values())
        self._random = random.Random(run)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(self, number: int, due: float) -> None:
        """Post, and again where intake asks for it, as every client must."""
        request = self._request(number)
        while not (answer := await self._posted(request)):  # noqa: ASYNC110 - nothing here tells when to come again
            await asyncio.sleep(AGAIN_SECONDS)
        self._watch.due[answer["submissionId"]] = due
        self._watch.answered[answer["submissionId"]] = time.perf_counter()

    async def _posted(self, request: bytes) -> dict[str, str]:
        incoming, outgoing = connection = self._idle.pop() if self._idle else await self._connected()
        outgoing.write(request)
        try:
            head = await incoming.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return {}  # a connection that had been idle too long
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await incoming.readexactly(length)
        self._idle.append(connection)
        if int(head.split()[1]) in {429, 503}:
            return {}
        answer: dict[str, str] = json.loads(body)
        return answer

    def close(self) -> None:
        for _, outgoing in self._idle:
            outgoing.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._address.hostname, self._address.port)

    def _request(self, number: int) -> bytes:
        (ags,) = self._random.choices(self._places, self._weights)
        body = json.dumps(
            {
                "service": BUSINESS_REGISTRATION,
                "place": {"ags": ags},
                "language": "de",
                "clientReference": f"{self._run}-{number}",
                "contact": {"email": f"antrag-{number}@example.org"},
                "content": {
                    "antrag": "Gewerbe anmelden",
                    "nummer": number,
                    "erklaerung": "Vollständig. " * 30,
                },
            }
        ).encode()
        head = (
            f"POST /v1/submissions HTTP/1.1\r\nHost: intake\r\nContent-Type: application/json\r\n"
            f'Authorization: Bearer {self._token}\r\nIdempotency-Key: "{self._run}-{number}"\r\n'
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def token(stack: StackDescription) -> str:
    client = next(c for c in stack.clients.values() if c.secret is not None)
    answer = httpx.post(
        f"{stack.urls.intake}/token",
        data={"grant_type": "client_credentials"},
        auth=(client.client_id, client.secret or ""),
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])

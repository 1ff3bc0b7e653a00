"""Authorities that go on reading whatever dies: each in its own way, through whichever door is open."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from shared.events.envelope import event_type
from shared.events.submission import SubmissionDelivered
from shared.events.topics import AUTHORITY_INBOX, authority_group
from tests.integration.router.conftest import Ground

AGAIN_SECONDS = 0.3
_DELIVERED = event_type(SubmissionDelivered)
_TOKEN_SECONDS = 120.0
Json = dict[str, Any]


@dataclass
class Doors:
    """The doors processes and the token door, by URL; nobody minds which of them answers."""

    ground: Ground
    token_url: str
    urls: tuple[str, ...]
    random: Random
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def ask(self, authority: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask until one of them answers with what is no outage."""
        async with httpx.AsyncClient(timeout=20) as http:
            while True:
                try:
                    headers = {"Authorization": f"Bearer {await self._token(http, authority)}"}
                    url = self.random.choice(self.urls) + path
                    answer = await http.request(method, url, headers=headers, **more)
                except httpx.HTTPError:
                    answer = None
                if answer is not None and answer.status_code not in {429, 500, 502, 503}:
                    return answer
                await asyncio.sleep(AGAIN_SECONDS)

    async def _token(self, http: httpx.AsyncClient, authority: str) -> str:
        now = asyncio.get_running_loop().time()
        until, token = self._tokens.get(authority, (0.0, ""))
        if now < until:
            return token
        login = (authority, self.ground.made.authority_secrets[authority])
        asked = await http.post(self.token_url, data={"grant_type": "client_credentials"}, auth=login)
        token = str(asked.raise_for_status().json()["access_token"])
        self._tokens[authority] = (now + _TOKEN_SECONDS, token)
        return token


@dataclass
class Reading:
    """What an authority has read: the ids of records in order, and again where they came again."""

    authority: str
    ids: list[str] = field(default_factory=list)

    @property
    def first_seen(self) -> list[str]:
        """Each id once, in the order in which it came first."""
        return list(dict.fromkeys(self.ids))


async def by_pull(doors: Doors, reading: Reading) -> None:
    """Read, accept what is new, confirm; for ever."""
    who = reading.authority
    while True:
        page = (await doors.ask(who, "GET", "/v1/inbox", params={"wait": 2, "limit": 20})).json()
        for record in page.get("records", []):
            headers = record["headers"]
            reading.ids.append(headers["ce_id"])
            if headers["ce_type"] == _DELIVERED:
                await accept(doors, who, headers["ce_caseid"])
        if cursor := page.get("cursor"):
            answer = await doors.ask(who, "POST", "/v1/inbox/confirmation", json={"cursor": cursor})
            assert answer.status_code == 204, answer.text


async def accept(doors: Doors, who: str, case: str) -> None:
    """The same answer under the same id, as often as it takes."""
    document = {
        "id": f"run/{case}"[:64],
        "caseId": case,
        "kind": "accepted",
        "givenAt": "2026-01-12T10:15:00Z",
    }
    while True:
        answer = await doors.ask(who, "POST", "/v1/answers", json=document)
        if answer.status_code == 202:
            return
        assert answer.status_code == 409, answer.text  # an earlier attempt is still under way
        assert answer.json()["type"].endswith("answer-running"), answer.text
        await asyncio.sleep(AGAIN_SECONDS)


async def by_kafka(ground: Ground, reading: Reading) -> None:
    """Read and commit, in the authority's own group; for ever, with a new client after each failure."""
    while True:
        try:
            async with _consuming(ground, reading.authority) as consumer:
                async for record in consumer:
                    reading.ids.append(dict(record.headers)["ce_id"].decode())
                    await consumer.commit()
        except (KafkaError, OSError):
            await asyncio.sleep(AGAIN_SECONDS)


@asynccontextmanager
async def _consuming(ground: Ground, authority: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        AUTHORITY_INBOX.for_authority(authority),
        group_id=authority_group(authority),
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
        **ground.login(authority_group(authority)).arguments(),
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def until(holds: Callable[[], bool], *, seconds: float) -> None:
    """Wait until this is so, or the time is over: then the caller's own assertions say what is missing."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        if holds() or asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(AGAIN_SECONDS)

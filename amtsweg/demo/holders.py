"""Four authorities of the demo, each with another way to read; all of them answer through one door."""

import asyncio
import json
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any, Final, Self
from uuid import UUID

import httpx
from aiokafka import AIOKafkaConsumer

from amtsweg.stack.description import AuthorityDescription, StackDescription
from shared.bounded_files import read_bounded
from shared.crypto.jwe import OwnKey, RecipientKey, open_sealed, seal

_Json = dict[str, Any]
SUBMISSION: Final = "de.amtsweg.SubmissionDelivered.v1"
SUPPLEMENT: Final = "de.amtsweg.SupplementDelivered.v1"
_TOKEN_SECONDS: Final = 240.0
_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class CameIn:
    """A record about the case, as its reader got it; ``cursor`` confirms it over HTTP."""

    kind: str
    submission: UUID
    event: _Json
    cursor: str = ""


@dataclass(slots=True)
class HoldingAuthority:
    """An authority with its own access and its own key, which nobody else has."""

    id: str
    http: httpx.AsyncClient
    token_url: str
    access: AuthorityDescription
    _until: float = 0.0

    @classmethod
    @asynccontextmanager
    async def of(cls, stack: StackDescription, authority: str) -> AsyncIterator[Self]:
        async with httpx.AsyncClient(base_url=stack.urls.router, timeout=60) as http:
            yield cls(authority, http, f"{stack.urls.intake}/token", stack.authorities[authority])

    def opened(self, came: CameIn) -> Any:
        """The content, decrypted with its own key."""
        document = json.loads(read_bounded(self.access.decryption_key_file))
        (key, *_) = document.get("keys", [document])
        sealed = json.dumps(came.event["content"]).encode()
        return json.loads(open_sealed(sealed, key=OwnKey(key), submission_id=came.submission, purpose="content"))  # fmt: skip

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """Ask the door as this authority."""
        if time.monotonic() > self._until:
            login = (self.access.client_id, self.access.secret)
            await authorize(self.http, self.token_url, login=login)
            self._until = time.monotonic() + _TOKEN_SECONDS
        answer = (await self.http.request(method, path, **more)).raise_for_status()
        return answer.json() if answer.content else None

    async def answer(self, case: UUID, kind: str, **members: Any) -> None:
        """Answer the case."""
        await self.ask("POST", "/v1/answers", json=answer_of(case, kind, members))

    async def confirm(self, came: CameIn) -> None:
        """From now on it is responsible, not the platform."""
        await self.ask("POST", "/v1/inbox/confirmation", json={"cursor": came.cursor})

    async def pulled(self, case: UUID, *, after: str | None = None) -> CameIn:
        """The next record about the case, by asking and waiting."""
        params: _Json = {"wait": 20, "limit": 100} | ({"after": after} if after else {})
        while True:
            page = await self.ask("GET", "/v1/inbox", params=params)
            for record in page["records"]:
                if record["headers"]["ce_caseid"] == str(case):
                    return _came(record["headers"], record["event"], record["cursor"])
            await asyncio.sleep(_LOOK_SECONDS)


async def authorize(http: httpx.AsyncClient, token_url: str, *, login: tuple[str, str]) -> None:
    """From now on the client asks with a token for everything that the login may."""
    asked = await http.post(token_url, data={"grant_type": "client_credentials"}, auth=login)
    http.headers["Authorization"] = f"Bearer {asked.raise_for_status().json()['access_token']}"


@asynccontextmanager
async def over_kafka(stack: StackDescription, holder: HoldingAuthority, case: UUID) -> AsyncIterator[CameIn]:
    """The record of the case, read in the authority's own group; its position is committed at the end."""
    consumer = AIOKafkaConsumer(
        holder.access.inbox_topic,
        bootstrap_servers=stack.kafka.bootstrap,
        security_protocol=stack.kafka.security_protocol,
        sasl_mechanism=stack.kafka.sasl_mechanism,
        sasl_plain_username=holder.access.username,
        sasl_plain_password=holder.access.password,
        group_id=holder.access.group,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        async for record in consumer:
            if record.key == str(case).encode():
                headers = {name: value.decode() for name, value in record.headers}
                yield _came(headers, json.loads(record.value))
                await consumer.commit()
                return
    finally:
        await consumer.stop()


@dataclass(slots=True)
class WebhookReceiver:
    """Hears calls at an address of its own, and believes only those that are signed."""

    secret: bytes = b""
    places: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @classmethod
    @asynccontextmanager
    async def of(cls, holder: HoldingAuthority) -> AsyncIterator[Self]:
        """Registered, and taken back at the end."""
        heard = cls()
        server = await asyncio.start_server(heard.hear, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        registered = await holder.ask("PUT", "/v1/webhook", json={"url": f"http://{host}:{port}/amtsweg"})
        heard.secret = b64decode(registered["secret"].removeprefix("whsec_"))
        try:
            yield heard
        finally:
            with suppress(httpx.HTTPError):
                await holder.ask("DELETE", "/v1/webhook")
            server.close()

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call for each connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, KeyError, ValueError):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
            signed = self._signed(headers, body)
            if signed:
                self.places.put_nowait(json.loads(body)["data"]["after"])
            status = "204 No Content" if signed else "401 Unauthorized"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    def _signed(self, headers: dict[str, str], body: bytes) -> bool:
        """Standard Webhooks: v1 over id, time and body."""
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        own = f"v1,{b64encode(digest(self.secret, said, 'sha256')).decode()}"
        return any(compare_digest(own, each) for each in headers["webhook-signature"].split(" "))


@asynccontextmanager
async def at_the_page(stack: StackDescription, person: str) -> AsyncIterator[httpx.AsyncClient]:
    """A clerk's browser, signed in at the page."""
    async with httpx.AsyncClient(base_url=stack.urls.router, timeout=60) as browser:
        asked = await browser.get("/clerk/sign-in")
        chosen = asked.headers["location"].replace("/authorize?", f"/chosen?person={person}&")
        back = await browser.get(chosen)
        await browser.get(back.headers["location"])
        told = (await browser.get("/clerk/session")).raise_for_status().json()
        browser.headers["Amtsweg-Csrf"] = told["csrf"]
        yield browser


async def shown_at_the_page(browser: httpx.AsyncClient, case: UUID) -> CameIn:
    """The case as the page lists and shows it, sealed, once it is there."""
    while True:
        listed = (await browser.get("/clerk/cases")).raise_for_status().json()["cases"]
        if any(each["case"] == str(case) for each in listed):
            shown = (await browser.get(f"/clerk/cases/{case}")).raise_for_status().json()
            if "event" in shown:
                return CameIn(SUBMISSION, UUID(shown["submission"]), shown["event"])
        await asyncio.sleep(_LOOK_SECONDS)


def answer_of(case: UUID, kind: str, members: _Json) -> _Json:
    """An answer as the door takes it."""
    own_id = f"demo/{secrets.token_hex(4)}/{kind}"
    given_at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"id": own_id, "caseId": str(case), "kind": kind, "givenAt": given_at} | members


def sealed_for(came: CameIn, *, content: _Json, notice: _Json) -> _Json:
    """The parts of an answer, sealed for the keys that the delivered case names; the notice only where it says something."""
    keys = came.event["answerKeys"]
    parts = {"content": ("answer", keys["client"], content), "notice": ("notice", keys["notifier"], notice)}
    return {
        name: json.loads(
            seal(
                json.dumps(told).encode(),
                key=RecipientKey(to["keys"][0]),
                submission_id=UUID(keys["submissionId"]),
                purpose=purpose,
                content_type="application/json",
            )
        )
        for name, (purpose, to, told) in parts.items()
        if told
    }


def document(text: str) -> _Json:
    """A document, whole."""
    data = b64encode(text.encode(), altchars=b"-_").decode().rstrip("=")
    return {"name": "Bescheid.txt", "mediaType": "text/plain", "data": data}


def fingerprint(content: Any) -> str:
    """By which two readers know that they have read the same."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _came(headers: dict[str, str], event: _Json, cursor: str = "") -> CameIn:
    return CameIn(headers["ce_type"], UUID(headers["ce_submissionid"]), event, cursor)

"""Authorities at the doors, many at once: their tokens, a connection that stays open, and what a process uses."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx
import psutil

from amtsweg.stack.description import StackDescription
from amtsweg.stack.stack import Stack

_AT_ONCE: Final = 8


@dataclass(slots=True)
class Line:
    """One connection to the doors that stays open, so that the client costs as little as it can."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, url: str, *, source: str | None = None) -> Self:
        place = urlsplit(url)
        local = None if source is None else (source, 0)
        return cls(*await asyncio.open_connection(place.hostname, place.port, local_addr=local))

    async def ask(self, method: str, path: str, *, token: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of the answer."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: doors\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        first, *headers = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next(
            (int(each.split(":")[1]) for each in headers if each.lower().startswith("content-length")), 0
        )
        return int(first.split(" ")[1]), await self.reader.readexactly(length)


async def tokens(stack: StackDescription, authorities: Iterable[str]) -> dict[str, str]:
    """A token for each of these, good for five minutes."""
    door = asyncio.Semaphore(_AT_ONCE)
    form = {"grant_type": "client_credentials"}
    async with httpx.AsyncClient(timeout=60) as http:

        async def ask(authority: str) -> str:
            access = stack.authorities[authority]
            async with door:
                asked = await http.post(
                    f"{stack.urls.intake}/token", data=form, auth=(access.client_id, access.secret)
                )
            return str(asked.raise_for_status().json()["access_token"])

        wanted = list(authorities)
        return dict(zip(wanted, await asyncio.gather(*map(ask, wanted)), strict=True))


def processes(stack: Stack) -> Mapping[str, psutil.Process]:
    """The doors and the broker of a stack that runs here."""
    broker = next(part for part in stack.servers.parts if part.name == "kafka")
    return {"doors": psutil.Process(stack.services["doors"].pid), "broker": psutil.Process(broker.pid)}


def used(process: psutil.Process) -> float:
    """Seconds of processor time so far."""
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def spread(values: Sequence[float], digits: int = 0) -> dict[str, Any]:
    """The median of the rounds, the least and the most of them."""
    return {
        "median": round(median(values), digits),
        "least": round(min(values), digits),
        "most": round(max(values), digits),
        "rounds": len(values),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Of these values in any order."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()

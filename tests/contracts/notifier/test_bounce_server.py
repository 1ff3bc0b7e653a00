"""The server that bounces come back to, over real SMTP: limits first, then the token, then the report."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
import pytest

from services.notifier.adapters.bounces import CONNECTIONS, BounceServer
from services.notifier.domain.bounces import MOST_BYTES, DeliveryReport, ReturnPaths
from services.notifier.ports import StoreAway
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.support.bounces import report

PATHS = ReturnPaths("amtsweg.example", (bytes(32),))
MESSAGE = uuid4()


@dataclass
class Bounces:
    port: int
    noted: list[tuple[UUID, DeliveryReport]] = field(default_factory=list)
    away: bool = False

    async def note(self, message: Any, found: DeliveryReport) -> bool:
        if self.away:
            raise StoreAway("the store is away")
        self.noted.append((message, found))
        return True

    async def send(self, content: bytes, *recipients: str) -> int:
        """The code of the last answer."""
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, timeout=20) as client:
            await client.ehlo()
            await client.mail("")
            try:
                for recipient in recipients or (PATHS.of(MESSAGE),):
                    await client.rcpt(recipient)
                return (await client.data(content)).code
            except aiosmtplib.SMTPResponseException as refused:
                return refused.code


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def bounces() -> AsyncIterator[Bounces]:
    bounces = Bounces(_free_port())
    server = BounceServer(
        PATHS,
        bounces.note,
        host="127.0.0.1",
        port=bounces.port,
        condition=Health().part("bounces"),
        telemetry=Telemetry(),
    )
    running = asyncio.create_task(server.run())
    async with asyncio.timeout(20):
        await server.listening.wait()
    yield bounces
    running.cancel()
    await asyncio.wait({running})


async def test_a_report_about_our_mail_is_noted(bounces: Bounces) -> None:
    assert await bounces.send(report("failed", "5.1.1")) == 250
    assert bounces.noted == [(MESSAGE, DeliveryReport("failed", "5.1.1"))]


async def test_a_forged_token_is_refused_before_anything_is_read(bounces: Bounces) -> None:
    forged = ReturnPaths("amtsweg.example", (bytes([1]) * 32,)).of(MESSAGE)
    assert await bounces.send(report("failed", "5.1.1"), forged) == 550
    assert await bounces.send(report("failed", "5.1.1"), "postmaster@amtsweg.example") == 550
    assert bounces.noted == []


async def test_one_mail_is_about_one_message(bounces: Bounces) -> None:
    assert await bounces.send(report("failed", "5.1.1"), PATHS.of(MESSAGE), PATHS.of(uuid4())) == 452
    assert bounces.noted == []


async def test_an_absence_note_is_taken_and_forgotten(bounces: Bounces) -> None:
    assert await bounces.send(b"Subject: Ich bin im Urlaub\r\n\r\nBis bald.\r\n") == 250
    assert bounces.noted == []


async def test_what_is_larger_than_any_report_is_refused(bounces: Bounces) -> None:
    line = b"x" * 70 + b"\r\n"
    assert await bounces.send(report("failed", "5.1.1") + line * (MOST_BYTES // 72 + 10)) == 552
    assert bounces.noted == []


async def test_while_the_store_is_away_a_report_waits_where_it_is(bounces: Bounces) -> None:
    bounces.away = True
    assert await bounces.send(report("failed", "5.1.1")) == 451
    bounces.away = False
    assert await bounces.send(report("failed", "5.1.1")) == 250
    assert len(bounces.noted) == 1


async def test_whoever_keeps_every_connection_open_and_says_nothing_keeps_no_report_out(
    bounces: Bounces,
) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", bounces.port) for _ in range(CONNECTIONS)]
    for reader, _ in silent:
        assert (await reader.readline()).startswith(b"220 ")

    assert await bounces.send(report("failed", "5.1.1")) == 250

    assert await silent[0][0].read() == b""
    for _, writer in silent:
        writer.close()

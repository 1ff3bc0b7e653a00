"""How many webhooks a second leave, with one receiver of 450 that never answers; and what they cost?

    python benchmarks/webhooks.py

Real lanes, signatures and connections to a receiver in another process of this machine; what the broker and PostgreSQL
add is measured by `transports.py`. The baseline, in the same run: the same calls to the same receiver through the same
way out, unsigned, from plain tasks that keep nothing. Prints one JSON object.
"""

import argparse
import asyncio
import multiprocessing
import socket
import time
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_network
from typing import Any

import uvloop

from benchmarks.support.authority_doors import spread
from benchmarks.support.surroundings import tell
from services.router.adapters.webhooks.calls import WebhookCalls
from services.router.adapters.webhooks.lane import Lane
from services.router.domain.cases.webhooks import Webhook, WebhookAnnouncement
from shared.crypto.webhook_signatures import WebhookKeys
from shared.telemetry.metrics import Telemetry
from shared.web.egress import Egress

AIM = 500
"""A second."""

AUTHORITIES = 450
EACH = 20
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """Answers at the end of every request: ours end in two braces."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"}}")):
            self.transport.write(ANSWER)


def receive(listening: socket.socket) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Receiver, sock=listening)
        await server.serve_forever()

    uvloop.run(serve())


def record(authority: str, offset: int) -> WebhookAnnouncement:
    return WebhookAnnouncement(
        authority, offset, f"{authority}/{offset}", "t", "c" * 36, "s" * 36, "2026-01-12T10:00:00Z"
    )


async def bare(port: int) -> float:
    """Calls a second without lanes and signatures, as many of them at once."""
    async with Egress(allowed=[ip_network("127.0.0.0/8")]) as egress:

        async def one(authority: str) -> None:
            for offset in range(EACH):
                body = record(authority, offset).body()
                url = f"http://127.0.0.1:{port}/hook"
                await egress.post(url, body, headers={}, seconds=15, of=authority)

        began = time.perf_counter()
        await asyncio.gather(*(one(f"g-{number:08d}") for number in range(1, AUTHORITIES)))
        return (AUTHORITIES - 1) * EACH / (time.perf_counter() - began)


async def measure(port: int, dead: int) -> dict[str, float]:
    async with Egress(allowed=[ip_network("127.0.0.0/8")]) as egress:
        calls = WebhookCalls(
            egress, WebhookKeys((b"k" * 32,)), clock=lambda: datetime.now(UTC), telemetry=Telemetry()
        )
        lanes = []
        for number in range(AUTHORITIES):
            authority = f"g-{number:08d}"
            url = f"http://127.0.0.1:{dead if number == 0 else port}/hook"
            webhook = Webhook(authority=authority, principal=authority, url=url, revision=1)
            lane = Lane(
                webhook,
                confirmed=0,
                call=partial(calls.call, first=lambda: None),
                clock=lambda: datetime.now(UTC),
            )
            for offset in range(EACH):
                lane.put(record(authority, offset))
            lanes.append(lane)
        began, processor = time.perf_counter(), time.process_time()
        running = [asyncio.ensure_future(lane.run()) for lane in lanes]
        alive = lanes[1:]
        for lane in alive:
            while lane.webhook.announced < EACH:  # noqa: ASYNC110 - a lane tells nobody; the last one counts
                await asyncio.sleep(0.005)
        took = time.perf_counter() - began
        used = time.process_time() - processor
        assert lanes[0].webhook.announced == 0
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    count = len(alive) * EACH
    return {"deliveries/s": count / took, "own µs each": used / count * 1e6}


async def rounds(port: int, dead: int, number: int) -> dict[str, Any]:
    found = [await measure(port, dead) | {"baseline/s": await bare(port)} for _ in range(number)]
    return {name: spread([each[name] for each in found]) for name in found[0]} | {"aim/s": AIM}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    silent = socket.create_server(("127.0.0.1", 0), backlog=16)  # connects, never answers
    process = multiprocessing.get_context("fork").Process(target=receive, args=(listening,), daemon=True)
    process.start()
    found = uvloop.run(rounds(listening.getsockname()[1], silent.getsockname()[1], chosen.rounds))
    process.terminate()
    tell(__doc__, {"authorities": AUTHORITIES, "never answering": 1, **found})


if __name__ == "__main__":
    main()

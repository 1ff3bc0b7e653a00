"""How many webhooks a second leave, with one receiver of 450 that never answers; and what they cost?

    python benchmarks/webhooks.py

Real lanes, signatures and connections to a receiver in another process of this machine; what the broker and PostgreSQL
add is measured by the tests of the whole way. Prints one JSON object.
"""

import asyncio
import json
import multiprocessing
import platform
import socket
import time
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import uvloop

from services.router.adapters.webhooks.calls import WebhookCalls
from services.router.adapters.webhooks.lane import Lane
from services.router.domain.cases.webhooks import Webhook, WebhookAnnouncement
from shared.crypto.webhook_signatures import WebhookKeys
from shared.telemetry.metrics import Telemetry
from shared.web.egress import Egress

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
            lane = Lane(webhook, confirmed=0, call=calls.call, clock=lambda: datetime.now(UTC))
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
    return {
        "deliveriesPerSecond": round(count / took),
        "processorMicrosecondsEach": round(used / count * 1e6),
        "deadReceiverAnnounced": lanes[0].webhook.announced,
    }


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    silent = socket.create_server(("127.0.0.1", 0), backlog=16)  # connects, never answers
    process = multiprocessing.get_context("fork").Process(target=receive, args=(listening,), daemon=True)
    process.start()
    found = uvloop.run(measure(listening.getsockname()[1], silent.getsockname()[1]))
    process.terminate()
    machine = f"Python {platform.python_version()}, {multiprocessing.cpu_count()} cores"
    print(json.dumps({"question": "webhooks", "authorities": AUTHORITIES, "machine": machine, **found}))


if __name__ == "__main__":
    main()

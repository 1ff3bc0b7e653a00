"""How many submissions a second does intake take, beside a bare FastAPI endpoint that produces to the same Kafka?

    python benchmarks/intake.py

2 kB, 32 connections, a closed loop: each connection sends its next submission when the last one is answered. Intake checks,
seals, writes its row and produces with acks=all. The baseline, in turns with it: FastAPI on the same HTTP server (uvicorn,
uvloop, httptools), one idempotent produce with acks=all, nothing else. `alone`: no other service of ours runs; `whole stack`:
all do, and work on what comes in. Prints one JSON object.
"""

import argparse
import asyncio
import json
import multiprocessing
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from statistics import median

import uvicorn
import uvloop
from confluent_kafka.cimpl import NewTopic
from fastapi import FastAPI, Request, Response

from amtsweg.stack import ports
from amtsweg.stack.description import StackDescription
from amtsweg.stack.stack import Stack
from benchmarks.support.inboxes import Watch
from benchmarks.support.platform_load import Platform, token
from benchmarks.support.surroundings import own_folder, started, tell
from shared.events.topics import PARTITIONS
from shared.kafka.client import KafkaAddress, idempotent_producer

CONNECTIONS = 32
TOPIC = "bench.taken"
AIM_ALONE, AIM_SHARE = 1_500, 0.25


def bare_endpoint(address: KafkaAddress, port: int) -> None:
    """The baseline's server, a process of its own."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with idempotent_producer(address) as app.state.producer:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/submissions")
    async def take(request: Request) -> Response:
        await request.app.state.producer.send_and_wait(
            TOPIC, await request.body(), key=secrets.token_bytes(16)
        )
        return Response(json.dumps({"submissionId": secrets.token_hex(16)}), status_code=202)

    uvicorn.run(app, host=ports.LOOPBACK, port=port, loop="uvloop", http="httptools", log_level="error")


@contextmanager
def serving_bare(address: KafkaAddress) -> Iterator[str]:
    port = ports.free_port()
    process = multiprocessing.get_context("spawn").Process(target=bare_endpoint, args=(address, port))
    process.start()
    try:
        while not ports.answers(port):
            time.sleep(0.05)
        yield f"http://{ports.LOOPBACK}:{port}"
    finally:
        process.terminate()
        process.join()


async def taken_per_second(url: str, bearer: str, *, seconds: float) -> float:
    """Answers a second over all connections."""
    watch = Watch()
    platform = Platform(url, bearer, watch=watch, run=secrets.token_hex(4))
    began = time.perf_counter()
    numbers = iter(range(10**9))

    async def connection() -> None:
        while (now := time.perf_counter()) < began + seconds:
            await platform.send(next(numbers), now)

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    passed = time.perf_counter() - began
    platform.close()
    return len(watch.answered) / passed


async def measure(
    stack: Stack, described: StackDescription, *, rounds: int, seconds: float
) -> dict[str, object]:
    address, admin = stack.servers.kafka_endpoint.address(), stack.servers.kafka_endpoint.admin()
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(30)
    bearer, result = token(described), dict[str, object]()
    for name in ("whole stack", "alone"):
        if name == "alone":
            for service in (each for part, each in stack.services.items() if part != "intake"):
                service.stop()
        rates: dict[str, list[float]] = {"intake": [], "bare": []}
        with serving_bare(address) as bare:
            await taken_per_second(described.urls.intake, bearer, seconds=2)  # caches get warm
            for _ in range(rounds):
                rates["intake"].append(await taken_per_second(described.urls.intake, bearer, seconds=seconds))
                rates["bare"].append(await taken_per_second(bare, bearer, seconds=seconds))
        ratios = [ours / theirs for ours, theirs in zip(rates["intake"], rates["bare"], strict=True)]
        result[name] = {
            **{f"{who}/s": [round(median(each)), [*map(round, each)]] for who, each in rates.items()},
            "ratio": round(median(ratios), 2),
            "ratios": [round(each, 2) for each in ratios],
            "reached": median(ratios) >= AIM_SHARE and median(rates["intake"]) >= AIM_ALONE,
        }
    return result


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=5)
    chosen = options.parse_args()
    with own_folder() as var, started(Stack(var)) as stack:
        described = StackDescription.read(var)
        measured = uvloop.run(measure(stack, described, rounds=chosen.rounds, seconds=chosen.seconds))
    tell(__doc__, measured)


if __name__ == "__main__":
    main()

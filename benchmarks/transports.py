"""How soon after it is routed can an authority read a submission, over Kafka, by long poll, by webhook?

A whole local stack; submissions for all municipalities, weighted by population, at a steady rate. Each authority reads in
one way, a third of them in each. Measured from the broker's commit of the routed event, as a read-committed reader sees it,
to the record at the Kafka client, to the long poll's answer, to the receiver of the webhook. Kafka is the baseline of
the two others; a value below zero means that the authority saw it first.
"""

import argparse
import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import uvloop
from aiokafka.structs import TopicPartition

from amtsweg.stack.description import StackDescription
from amtsweg.stack.stack import Stack
from benchmarks.router import contents_for, submissions
from benchmarks.support.authority_doors import Line, as_json, percentile, spread, tokens
from benchmarks.support.inboxes import Watch, inboxes_read
from benchmarks.support.surroundings import own_folder, people, started, tell
from shared.events.envelope import encode
from shared.events.topics import AUTHORITY_INBOX, PARTITIONS, SUBMISSION_RECEIVED, SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress, idempotent_producer, reader
from shared.kafka.records import partition_of

AIM_MS: Final = {"kafka": 250, "pull": 1000, "webhook": 1000}
"""The 99th percentile."""

_SETTLING_SECONDS: Final = 10.0
_REGISTERED_AT_ONCE: Final = 16
_CONTENT_BYTES: Final = 1000

Seen = dict[str, float]
"""When each submission was seen, by its id; seconds of one clock."""


async def pull(url: str, token: str, seen: Seen) -> None:
    """Wait, read on after what was read, and note it; nothing is confirmed."""
    line, after = await Line.to(url), ""
    while True:
        status, told = await line.ask("GET", f"/v1/inbox?wait=30&limit=100{after}", token=token)
        if status != 200:
            raise RuntimeError(f"the doors answered {status}")
        now, page = time.perf_counter(), json.loads(told)
        for record in page["records"]:
            seen.setdefault(record["headers"]["ce_submissionid"], now)
        after = f"&after={page['cursor']}" if "cursor" in page else after


class Receiver(asyncio.Protocol):
    """Answers every call at once, and notes which submission it was about."""

    def __init__(self, seen: Seen) -> None:
        self.seen, self.heard = seen, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while (end := self.heard.find(b"}}")) >= 0:
            body = self.heard[self.heard.index(b'{"type"') : end + 2]
            self.heard = self.heard[end + 2 :]
            self.seen.setdefault(json.loads(body)["data"]["submissionId"], time.perf_counter())
            self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def register(url: str, known: Mapping[str, str], *, receiver: int) -> None:
    line = asyncio.Semaphore(_REGISTERED_AT_ONCE)

    async def one(token: str) -> None:
        async with line:
            opened = await Line.to(url)
            body = as_json({"url": f"http://127.0.0.1:{receiver}/hook"})
            status, told = await opened.ask("PUT", "/v1/webhook", token=token, body=body)
            opened.writer.close()
        if status != 200:
            raise RuntimeError(f"the doors answered {status}: {told.decode()}")

    await asyncio.gather(*map(one, known.values()))


async def note_routed(address: KafkaAddress, seen: Seen) -> None:
    consumer = reader(address)
    await consumer.start()
    consumer.assign([TopicPartition(SUBMISSION_ROUTED.name, number) for number in range(PARTITIONS)])
    await consumer.seek_to_end()
    while True:
        batches = await consumer.getmany(timeout_ms=10_000)
        now = time.perf_counter()
        for record in (each for batch in batches.values() for each in batch):
            seen.setdefault(dict(record.headers)["ce_submissionid"].decode(), now)


async def send(stack: Stack, *, rate: float, seconds: float, chance: random.Random) -> dict[str, str]:
    """At a steady rate; return whose each submission is."""
    places, count = people(), int(rate * seconds)
    chosen = chance.choices(list(places), list(places.values()), k=count)
    theirs: dict[str, str] = {}
    producer = idempotent_producer(stack.servers.kafka_endpoint.address())
    await producer.start()
    began = time.perf_counter()
    made = submissions(contents_for(stack, size=_CONTENT_BYTES), places=chosen)
    for number, (ags, event) in enumerate(zip(chosen, made, strict=True)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        message = encode(event, SUBMISSION_RECEIVED.name)
        theirs[str(event.submission_id)] = f"g-{ags}"
        partition = partition_of(message.key, PARTITIONS)
        await producer.send(
            message.topic, message.value, key=message.key, partition=partition, headers=[*message.headers]
        )
    await producer.stop()
    return theirs


async def measure(stack: Stack, *, rate: float, seconds: float, rounds: int) -> dict[str, Any]:
    description, address = StackDescription.read(stack.var), stack.servers.kafka_endpoint.address()
    everybody = [f"g-{ags}" for ags in people()]
    ways = {"kafka": everybody[::3], "pull": everybody[1::3], "webhook": everybody[2::3]}
    seen: dict[str, Seen] = {"routed": {}, "pull": {}, "webhook": {}}
    watch = Watch(readable=seen.setdefault("kafka", {}))
    known = {way: await tokens(description, ways[way]) for way in ("pull", "webhook")}
    server = await asyncio.get_running_loop().create_server(
        lambda: Receiver(seen["webhook"]), "127.0.0.1", 0, backlog=512
    )
    url = description.urls.router
    await register(url, known["webhook"], receiver=server.sockets[0].getsockname()[1])
    running = [asyncio.ensure_future(note_routed(address, seen["routed"]))]
    running += [asyncio.ensure_future(pull(url, token, seen["pull"])) for token in known["pull"].values()]
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    chance = random.Random(1)
    async with AsyncExitStack() as opened:
        inboxes = [AUTHORITY_INBOX.for_authority(each) for each in ways["kafka"]]
        await opened.enter_async_context(inboxes_read(address, inboxes, watch))
        await asyncio.sleep(_SETTLING_SECONDS)
        for _ in range(rounds):
            theirs = await send(stack, rate=rate, seconds=seconds, chance=chance)
            await asyncio.sleep(_SETTLING_SECONDS)
            for way, authorities in ways.items():
                found[way].append(latencies(theirs, seen["routed"], seen[way], frozenset(authorities)))
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    server.close()
    return {way: told(rows, AIM_MS[way]) for way, rows in found.items()}


def latencies(
    theirs: Mapping[str, str], routed: Seen, seen: Seen, authorities: frozenset[str]
) -> dict[str, float]:
    """Percentiles of a round in milliseconds, and how many were not seen at all."""
    wanted = [each for each, authority in theirs.items() if authority in authorities]
    waits = [1000 * (seen[each] - routed[each]) for each in wanted if each in seen and each in routed]
    return {
        "p50": percentile(waits, 0.5),
        "p99": percentile(waits, 0.99),
        "submissions": len(wanted),
        "not seen": len(wanted) - len(waits),
    }


def told(rounds: Sequence[Mapping[str, float]], aim: int) -> dict[str, Any]:
    return {
        "p50 ms": spread([each["p50"] for each in rounds]),
        "p99 ms": spread([each["p99"] for each in rounds]),
        "submissions": sum(each["submissions"] for each in rounds),
        "not seen": sum(each["not seen"] for each in rounds),
        "aim p99 ms": aim,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=200.0, help="submissions a second")
    options.add_argument("--seconds", type=float, default=20.0, help="of a round")
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    with own_folder() as var, started(Stack(var)) as stack:
        found = uvloop.run(measure(stack, rate=chosen.rate, seconds=chosen.seconds, rounds=chosen.rounds))
    tell(__doc__, {"rate": chosen.rate, **found})


if __name__ == "__main__":
    main()

"""How many answers of authorities does the door accept in a second, and how long does one take?

A whole local stack; cases of all municipalities lie in their inboxes, and each is accepted by its authority, so many at
once. An answer counts when the door has said 202: it stands in the store and on Kafka. The baseline does what cannot
be left out, in the same run and as many at once: a row in PostgreSQL, a record with acks=all, the row again.
"""

import argparse
import asyncio
import json
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import uvloop
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition
from confluent_kafka.cimpl import NewTopic

from amtsweg.stack.description import StackDescription
from amtsweg.stack.stack import Stack
from benchmarks.router import contents_for, ends, fill
from benchmarks.support.authority_doors import Line, as_json, percentile, processes, spread, tokens, used
from benchmarks.support.surroundings import own_folder, people, started, tell
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, PARTITIONS, SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress, idempotent_producer, reader
from shared.kafka.records import partition_of

AIM: Final = 500
"""A second."""

AT_ONCE: Final = 64
_ROUTED_WITHIN: Final = 120.0
_CONTENT_BYTES: Final = 1000
_TOPIC: Final = "bench.answers"
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS public.bench_answers (id text PRIMARY KEY, taken boolean NOT NULL)"
)

Work = Callable[[int, bytes], Awaitable[None]]


async def routed(address: KafkaAddress, starts: list[int], *, count: int) -> dict[bytes, str]:
    """Wait until so many more have been decided about; the inbox of each that was routed. The others are parked."""
    consumer = reader(address)
    await consumer.start()
    partitions = [TopicPartition(SUBMISSION_ROUTED.name, number) for number in range(PARTITIONS)]
    consumer.assign(partitions)
    for tp, start in zip(partitions, starts, strict=True):
        consumer.seek(tp, start)
    seen, inboxes = 0, dict[bytes, str]()
    async with asyncio.timeout(_ROUTED_WITHIN):
        while seen < count:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                seen += len(batch)
                told = {record.key: json.loads(record.value) for record in batch}
                inboxes |= {
                    case: AUTHORITY_INBOX.for_authority(each["authority"])
                    for case, each in told.items()
                    if "authority" in each
                }
    await consumer.stop()
    return inboxes


async def all_of(cases: list[bytes], work: Work) -> tuple[float, list[float]]:
    """Rate, and the milliseconds of each, with so many at once."""
    waiting, took = list(reversed(cases)), []

    async def one(number: int) -> None:
        while waiting:
            case, began = waiting.pop(), time.perf_counter()
            await work(number, case)
            took.append(1000 * (time.perf_counter() - began))

    began = time.perf_counter()
    await asyncio.gather(*map(one, range(AT_ONCE)))
    return len(cases) / (time.perf_counter() - began), took


def at_the_door(lines: list[Line], known: Mapping[str, str], inboxes: Mapping[bytes, str]) -> Work:
    async def accept(number: int, case: bytes) -> None:
        document = {
            "id": f"bench/{secrets.token_hex(8)}",
            "caseId": case.decode(),
            "kind": "accepted",
            "givenAt": datetime.now(UTC).isoformat(),
        }
        token = known[AUTHORITY_INBOX.authority_of(inboxes[case])]
        status, told = await lines[number].ask("POST", "/v1/answers", token=token, body=as_json(document))
        if status != 202:
            raise RuntimeError(f"the door answered {status}: {told.decode()}")

    return accept


def bare(pool: asyncpg.Pool, producer: AIOKafkaProducer) -> Work:
    async def keep(_: int, case: bytes) -> None:
        await pool.execute("INSERT INTO public.bench_answers VALUES ($1, false)", case.decode())
        partition = partition_of(case, PARTITIONS)
        await producer.send_and_wait(_TOPIC, case * 10, key=case, partition=partition)
        await pool.execute("UPDATE public.bench_answers SET taken = true WHERE id = $1", case.decode())

    return keep


async def measure(stack: Stack, *, count: int, rounds: int) -> dict[str, Any]:
    description, address = StackDescription.read(stack.var), stack.servers.kafka_endpoint.address()
    places, contents, chance = list(people()), contents_for(stack, size=_CONTENT_BYTES), random.Random(1)
    doors = processes(stack)["doors"]
    admin = stack.servers.kafka_endpoint.admin()  # kept: what it has been asked for ends with it
    admin.create_topics([NewTopic(_TOPIC, PARTITIONS, 1)])[_TOPIC].result(30)
    pool = await asyncpg.create_pool(description.postgres.url, max_size=10)
    await pool.execute(_TABLE)
    producer = idempotent_producer(address)
    await producer.start()
    rates: dict[str, list[float]] = {"doors": [], "bare": []}
    waits: list[float] = []
    costs: list[float] = []
    for _ in range(rounds):
        starts = await ends(address, SUBMISSION_ROUTED.name)
        await fill(address, contents, places=chance.choices(places, k=count))
        inboxes = await routed(address, starts, count=count)
        known = await tokens(description, {AUTHORITY_INBOX.authority_of(each) for each in inboxes.values()})
        lines = [await Line.to(description.urls.router) for _ in range(AT_ONCE)]
        spent = used(doors)
        rate, took = await all_of(list(inboxes), at_the_door(lines, known, inboxes))
        costs.append(1e6 * (used(doors) - spent) / len(inboxes))
        rates["doors"].append(rate)
        waits += took
        for line in lines:
            line.writer.close()
        rates["bare"].append((await all_of(list(inboxes), bare(pool, producer)))[0])
    await producer.stop()
    await pool.close()
    return {
        "answers/s": spread(rates["doors"]),
        "baseline/s": spread(rates["bare"]),
        "milliseconds": {"p50": round(percentile(waits, 0.5), 1), "p99": round(percentile(waits, 0.99), 1)},
        "doors own µs each": spread(costs),
        "topic": CASE_ANSWERED.name,
        "aim/s": AIM,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=2_000, help="answers of a round")
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    with own_folder() as var, started(Stack(var)) as stack:
        found = uvloop.run(measure(stack, count=chosen.count, rounds=chosen.rounds))
    tell(__doc__, {"at once": AT_ONCE, **found})


if __name__ == "__main__":
    main()

"""How late is a submission: from its request to the 202, and until its authority can read it?

The whole stack on this machine, an open loop (latency counts from the moment at which a request was due), every
municipality of Hessen weighted by population, one read-committed reader per thirty inboxes. Baseline, in the same
run, at the same rates, on the same broker, with records of the same size: a bare idempotent produce (acks=all),
a bare transactional copy into the same inboxes, the same readers.
"""

import argparse
import asyncio
import gc
import multiprocessing
import random
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from statistics import median

import uvloop
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition
from confluent_kafka.cimpl import NewTopic

from amtsweg.stack import supervisor
from amtsweg.stack.description import StackDescription
from amtsweg.stack.endpoints import KafkaEndpoint
from benchmarks.support.inboxes import Latencies, Watch, inboxes_read
from benchmarks.support.platform_load import Platform, Send, open_loop, token
from benchmarks.support.surroundings import ended, own_folder, tell
from shared.events.topics import AUTHORITY_INBOX, PARTITIONS
from shared.kafka.client import KafkaAddress, idempotent_producer, reader, transactional_producer
from shared.kafka.records import partition_of

RATES = (50, 200)
AIM_MS = {50: 100, 200: 300}
"""End to end, p99."""

SOURCE = "bench.source"
VALUE_BYTES = 2_300
"""What a delivered submission of this load takes, headers included."""


class BareProducer:
    """The baseline's sender: one idempotent produce per submission, nothing else."""

    def __init__(self, producer: AIOKafkaProducer, *, watch: Watch, run: str) -> None:
        self._producer = producer
        self._watch = watch
        self._run = run
        self._value = secrets.token_bytes(VALUE_BYTES)

    async def send(self, number: int, due: float) -> None:
        key = f"{self._run}-{number}"
        await self._producer.send_and_wait(
            SOURCE,
            self._value,
            key=key.encode(),
            partition=partition_of(key.encode(), PARTITIONS),
            headers=[("ce_submissionid", key.encode())],
        )
        self._watch.due[key] = due
        self._watch.answered[key] = time.perf_counter()


def copy_forever(address: KafkaAddress, inboxes: Sequence[str]) -> None:
    """The baseline's router, a process of its own: a transaction per batch and partition, decided by nobody."""
    uvloop.run(_copy_all(address, inboxes))


async def _copy_all(address: KafkaAddress, inboxes: Sequence[str]) -> None:
    await asyncio.gather(*(_copy(address, inboxes, number) for number in range(PARTITIONS)))


async def _copy(address: KafkaAddress, inboxes: Sequence[str], number: int) -> None:
    consumer, tp = reader(address), TopicPartition(SOURCE, number)
    producer = transactional_producer(address, transactional_id=f"bench.{number}", timeout_ms=12_000)
    await consumer.start()
    consumer.assign([tp])
    await producer.start()
    await asyncio.gather(*map(producer.partitions_for, inboxes))
    while True:
        records = (await consumer.getmany(tp, timeout_ms=10_000)).get(tp, [])
        if not records:
            continue
        await producer.begin_transaction()
        sending = [
            await producer.send(
                inboxes[int(len(inboxes) * random.Random(r.key).random() ** 3)],
                r.value,
                key=r.key,
                partition=0,
                headers=[*r.headers],
            )
            for r in records
        ]
        await asyncio.gather(*sending)
        await producer.send_offsets_to_transaction({tp: records[-1].offset + 1}, "bench")
        await producer.commit_transaction()


@contextmanager
def copying(address: KafkaAddress, inboxes: Sequence[str]) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=copy_forever, args=(address, inboxes))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


class Course:
    """Rounds through the stack and through the baseline, watched by the same readers."""

    def __init__(self, stack: StackDescription, address: KafkaAddress) -> None:
        self._stack = stack
        self._address = address
        self._watch = Watch()
        self._inboxes = [AUTHORITY_INBOX.for_authority(authority) for authority in stack.authorities]
        self._bare = idempotent_producer(address)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        await self._bare.start()
        gc.collect()
        gc.freeze()
        async with inboxes_read(self._address, self._inboxes, self._watch):
            yield
        await self._bare.stop()

    async def through_stack(self, rate: int, seconds: float) -> Latencies:
        run, url = secrets.token_hex(4), self._stack.urls.intake
        return await self._round(
            Platform(url, token(self._stack), watch=self._watch, run=run).send, rate, seconds
        )

    async def through_baseline(self, rate: int, seconds: float) -> Latencies:
        with copying(self._address, self._inboxes):
            producer = BareProducer(self._bare, watch=self._watch, run=secrets.token_hex(4))
            await self._round(producer.send, 5, 1)  # the copiers have started when this has arrived
            return await self._round(producer.send, rate, seconds)

    async def _round(self, send: Send, rate: int, seconds: float) -> Latencies:
        self._watch.clear()
        await open_loop(send, rate=rate, seconds=seconds)
        await self._watch.complete()
        return self._watch.latencies()


async def measure(stack: StackDescription, *, rounds: int, seconds: float) -> dict[str, object]:
    """Every rate through the stack and through the baseline, in turns."""
    admin = stack.kafka.admin
    endpoint = KafkaEndpoint(
        bootstrap=stack.kafka.bootstrap, username=admin.username, password=admin.password
    )
    client = endpoint.admin()
    client.create_topics([NewTopic(SOURCE, PARTITIONS, 1)])[SOURCE].result(30)
    course = Course(stack, endpoint.address())
    result: dict[str, object] = {}
    async with course.watched():
        await course.through_stack(RATES[0], seconds)  # compilers and caches get warm
        for rate in RATES:
            runs: dict[str, list[Latencies]] = {"stack": [], "baseline": []}
            for _ in range(rounds):
                runs["stack"].append(await course.through_stack(rate, seconds))
                runs["baseline"].append(await course.through_baseline(rate, seconds))
            result[f"{rate}/s"] = told(runs, aim=AIM_MS[rate])
    return result


def told(runs: dict[str, list[Latencies]], *, aim: float) -> dict[str, object]:
    """Medians of the rounds, the spread behind them."""
    table: dict[str, object] = {}
    middle: dict[tuple[str, str, str], float] = {}
    for who, rounds in runs.items():
        for step in ("answered", "readable"):
            for name, share in (("p50", 0.5), ("p99", 0.99)):
                each = [latencies[step][int(share * len(latencies[step]))] for latencies in rounds]
                middle[who, step, name] = median(each)
                table[f"{who} {step} {name} ms"] = [
                    round(median(each), 1),
                    f"{min(each):.1f}-{max(each):.1f}",
                ]
    for step, name in (("answered", "p50"), ("answered", "p99"), ("readable", "p50"), ("readable", "p99")):
        table[f"ratio {step} {name}"] = round(middle["stack", step, name] / middle["baseline", step, name], 1)
    table["aim readable p99 ms"] = aim
    table["reached"] = middle["stack", "readable", "p99"] < aim
    return table


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=10)
    chosen = options.parse_args()
    with own_folder() as var, ended(var):
        began = time.perf_counter()
        stack = supervisor.start_detached(var, report=lambda _: None)
        up = round(time.perf_counter() - began, 1)
        measured = uvloop.run(measure(stack, rounds=chosen.rounds, seconds=chosen.seconds))
        memory = {part.name: part.memory_bytes >> 20 for part in supervisor.status(var)}
    result = {
        "rounds": chosen.rounds,
        "seconds per round": chosen.seconds,
        "first start s": up,
        "memory MB": memory | {"in all": sum(memory.values())},
    }
    tell(__doc__, result | measured)


if __name__ == "__main__":
    main()

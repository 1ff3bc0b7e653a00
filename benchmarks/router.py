"""How fast does the router work off a backlog, beside bare loops that move the same records and decide nothing?

The baselines, in the same run, on the same broker, from the same backlog, with the same fan-out: transaction loops on
aiokafka (one warm producer per partition) and on librdkafka. Per submission each writes an inbox record, a routed
event, custody and what is held, as large as the router's. Each runs in a process of its own; the figure is
submissions a second as a read-committed reader sees the routed events come, from the first to the last.

    python benchmarks/router.py [--content-bytes 1000000 --count 300]
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import psutil
import uvloop
from aiokafka.structs import TopicPartition
from confluent_kafka.cimpl import NewTopic

from amtsweg.stack.service import ServiceProcess
from amtsweg.stack.stack import Stack
from benchmarks.support.bare_loops import (
    BENCH_CUSTODY,
    BENCH_HELD,
    BENCH_ROUTED,
    INBOX_BYTES,
    Backlog,
    on_aiokafka,
    on_librdkafka,
)
from benchmarks.support.surroundings import BUSINESS_REGISTRATION, own_folder, people, started, tell
from services.intake.adapters.sealing import Sealing
from services.intake.ports import Purpose
from shared.crypto.jwe import RecipientKey
from shared.events.competence import Place
from shared.events.envelope import Event, encode
from shared.events.ids import case_id
from shared.events.payload import Sealed
from shared.events.submission import Receipt, SubmissionReceived
from shared.events.topics import AUTHORITY_INBOX, PARTITIONS, SUBMISSION_RECEIVED, SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress, idempotent_producer, reader
from shared.kafka.records import partition_of

AIM = 0.6
"""Of the better baseline."""

LARGE = 100_000
AIM_LARGE = 60
"""Submissions a second with contents of 1 MB."""

FRANKFURT = "06412000"
SENDERS = 100
"""Ephemeral keys of intake in the backlog: each serves what comes in within a second."""

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Contents:
    """One plaintext, sealed for each submission anew, in turn by as many senders."""

    plaintext: bytes
    senders: Sequence[Sealing]

    def sealed(self, submission: UUID, purpose: Purpose, *, share: float) -> Sealed:
        """By the sender whose turn it is at this share of the backlog (0 up to 1)."""
        sender = self.senders[int(share * len(self.senders))]
        return sender.seal(self.plaintext, submission_id=submission, purpose=purpose)


def contents_for(stack: Stack, *, size: int) -> Contents:
    keys = stack.var / "keys" / "intake"
    public = {
        name: json.loads((keys / f"{name}.public.jwk").read_bytes()) for name in ("platform", "contacts")
    }
    text = secrets.token_urlsafe(size)[:size]
    return Contents(
        json.dumps({"antrag": "Gewerbe anmelden", "erklaerung": text}).encode(),
        [
            Sealing(
                {"content": RecipientKey(public["platform"]), "contact": RecipientKey(public["contacts"])}
            )
            for _ in range(SENDERS if size < LARGE else 5)
        ],
    )


def submissions(contents: Contents, *, places: Sequence[str]) -> Iterator[Event[SubmissionReceived]]:
    """One for each place."""
    now = datetime.now(UTC)
    for number, ags in enumerate(places):
        submission = uuid4()
        receipt = Receipt(
            receipt_number=f"AW-2026-{number:06d}",
            received_at=now,
            client_id="landesplattform",
            service=BUSINESS_REGISTRATION,
            language="de",
            content_hash=f"hmac-sha256:{secrets.token_hex(32)}",
        )
        share = number / len(places)
        content = contents.sealed(submission, "content", share=share)
        small = len(content.ciphertext) < LARGE
        contact = contents.sealed(submission, "contact", share=share) if small else None
        yield Event(
            id=uuid4(),
            source="urn:amtsweg:intake",
            time=now,
            case_id=case_id(submission),
            submission_id=submission,
            traceparent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
            data=SubmissionReceived(receipt=receipt, place=Place(ags=ags), content=content, contact=contact),
        )


async def fill(address: KafkaAddress, contents: Contents, *, places: Sequence[str]) -> Backlog:
    """Lay a backlog of one submission for each place."""
    starts = await ends(address, SUBMISSION_RECEIVED.name)
    producer = idempotent_producer(address)
    await producer.start()
    inboxes, sending = {}, []
    for ags, event in zip(places, submissions(contents, places=places), strict=True):
        message = encode(event, SUBMISSION_RECEIVED.name)
        inboxes[message.key] = AUTHORITY_INBOX.for_authority(f"g-{ags}")
        number = partition_of(message.key, PARTITIONS)
        sending.append(
            await producer.send(
                message.topic, message.value, key=message.key, partition=number, headers=[*message.headers]
            )
        )
    await asyncio.gather(*sending)
    await producer.stop()
    return Backlog(
        starts=starts,
        count=len(places),
        inboxes=inboxes,
        inbox_bytes=max(INBOX_BYTES, len(contents.plaintext) * 4 // 3),
    )


async def ends(address: KafkaAddress, topic: str) -> list[int]:
    consumer = reader(address)
    await consumer.start()
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    found = await consumer.end_offsets(partitions)
    await consumer.stop()
    return [found[tp] for tp in partitions]


@contextmanager
def bare(
    loop: Callable[[KafkaAddress, Backlog, str], None], address: KafkaAddress, backlog: Backlog
) -> Iterator[psutil.Process]:
    group = f"bench-{secrets.token_hex(4)}"
    process = multiprocessing.get_context("spawn").Process(target=loop, args=(address, backlog, group))
    process.start()
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.join()


@contextmanager
def routing(service: ServiceProcess) -> Iterator[psutil.Process]:
    service.launch()
    try:
        yield psutil.Process(service.pid)
    finally:
        service.stop()


async def worked_off(address: KafkaAddress, topic: str, *, count: int, by: Any) -> tuple[float, float]:
    """Submissions a second, and microseconds of the worker's own processor time for each."""
    starts = await ends(address, topic)
    consumer = reader(address)
    await consumer.start()
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(partitions)
    for tp, start in zip(partitions, starts, strict=True):
        consumer.seek(tp, start)
    with by as worker:
        seen, began, first, busy = 0, 0.0, 0, 0.0
        async with asyncio.timeout(PATIENCE_SECONDS):
            while seen < count:
                batches = await consumer.getmany(timeout_ms=200)
                seen += sum(map(len, batches.values()))
                if seen and not began:
                    began, first, busy = time.perf_counter(), seen, sum(worker.cpu_times()[:2])
        seconds, busy = time.perf_counter() - began, sum(worker.cpu_times()[:2]) - busy
    await consumer.stop()
    return (count - first) / seconds, 1e6 * busy / (count - first)


async def measure(stack: Stack, *, count: int, rounds: int, size: int) -> dict[str, object]:
    address = stack.servers.kafka_endpoint.address()
    admin = stack.servers.kafka_endpoint.admin()
    for created in admin.create_topics(
        [NewTopic(name, PARTITIONS, 1) for name in (BENCH_ROUTED, BENCH_HELD, BENCH_CUSTODY)]
    ).values():
        created.result(30)
    chance, contents = random.Random(1), contents_for(stack, size=size)
    result: dict[str, object] = {}
    for fan_out, places in (("1", {FRANKFURT: 1}), ("all municipalities, by population", people())):
        rates: dict[str, list[float]] = {"router": [], "aiokafka": [], "librdkafka": []}
        costs: dict[str, list[float]] = {name: [] for name in rates}
        for _ in range(rounds):
            chosen = chance.choices(list(places), list(places.values()), k=count)
            backlog = await fill(address, contents, places=chosen)
            for name, topic, by in (
                ("router", SUBMISSION_ROUTED.name, routing(stack.services["router"])),
                ("aiokafka", BENCH_ROUTED, bare(on_aiokafka, address, backlog)),
                ("librdkafka", BENCH_ROUTED, bare(on_librdkafka, address, backlog)),
            ):
                rate, cost = await worked_off(address, topic, count=count, by=by)
                rates[name].append(rate)
                costs[name].append(cost)
        result[f"fan-out {fan_out}"] = told(rates, costs, large=size >= LARGE)
    return result


def told(
    rates: Mapping[str, Sequence[float]], costs: Mapping[str, Sequence[float]], *, large: bool
) -> dict[str, object]:
    ratios = [
        router / max(bare)
        for router, *bare in zip(rates["router"], rates["aiokafka"], rates["librdkafka"], strict=True)
    ]
    return {
        **{f"{name}/s": [round(median(each)), [*map(round, each)]] for name, each in rates.items()},
        **{f"{name} own µs": round(median(each)) for name, each in costs.items()},
        "ratio to the better": round(median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "aim": f"{AIM_LARGE}/s" if large else AIM,
        "reached": median(rates["router"]) >= AIM_LARGE if large else median(ratios) >= AIM,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--content-bytes", type=int, default=560)
    chosen = options.parse_args()
    with own_folder() as var, started(Stack(var)) as stack:
        for service in stack.services.values():
            service.stop()
        measured = uvloop.run(
            measure(stack, count=chosen.count, rounds=chosen.rounds, size=chosen.content_bytes)
        )
    tell(__doc__, {"backlog": chosen.count, "content bytes": chosen.content_bytes, **measured})


if __name__ == "__main__":
    main()

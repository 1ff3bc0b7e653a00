"""How many events a second become leaves, and how late is an event covered by a cosigned checkpoint?

The whole way: Kafka, decoded and validated, committed to PostgreSQL (fsync), tiles and bundles (fsync), a
checkpoint that one local witness has cosigned. Latency is an open loop: it counts from the moment at which an
event was due. Baseline, in the same run: the same records from Kafka, copied as they are into a bare table.

    python benchmarks/audit_append.py [--write]

Prints one JSON object; audit_append.json beside this file is the baseline of the machine it names.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from confluent_kafka.cimpl import NewTopic

from amtsweg.stack import ports
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.postgres import Postgres
from amtsweg.stack.process import Part
from amtsweg.stack.witness import Witness, policy
from benchmarks.support.surroundings import tell_limits
from shared.events.envelope import Message, encode
from shared.events.topics import PARTITIONS
from shared.kafka.client import KafkaAddress, idempotent_producer
from shared.kafka.records import partition_of
from tests.support.audit import LOG_KEY, ORIGIN, SECRECY, routed
from tests.support.audit_process import Surroundings
from tests.support.checkpoints import Checkpoints

LIMITS = {"eventsPerSecond": 10_000, "coveredP99Milliseconds": 2_000}
"""At least that many events; at most that late."""

BATCH = 10_000
_PATIENCE_S = 150
TOPIC = "submission.routed.bench"


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs beside the service."""

    kafka: Kafka
    postgres: Postgres
    witness: Witness
    var: Path

    @property
    def address(self) -> KafkaAddress:
        return self.kafka.endpoint.address()

    @property
    def database(self) -> str:
        return self.postgres.endpoint.url("bench")

    @property
    def tiles(self) -> Path:
        return self.var / "tiles"


@contextmanager
def parts() -> Iterator[Parts]:
    var = Path(__file__).parents[1] / "var" / f"bench-{os.getpid()}"
    made = Parts(
        Kafka(var, port=ports.free_port(), controller_port=ports.free_port()),
        Postgres(var, port=ports.free_port()),
        Witness(
            "witness", var=var, port=ports.free_port(), origin=ORIGIN, log_key=LOG_KEY.verifier.to_text()
        ),
        var,
    )
    running: tuple[Part, ...] = (made.kafka, made.postgres, made.witness)
    try:
        for part in running:
            part.start()
        made.postgres.execute("create database bench")
        topics = [NewTopic(TOPIC, PARTITIONS, 1), NewTopic("dead", 1, 1)]
        admin = made.kafka.endpoint.admin()
        for created in admin.create_topics(topics).values():
            created.result(30)
        yield made
    finally:
        for part in running:
            part.stop()
        shutil.rmtree(var, ignore_errors=True)


async def send(producer: AIOKafkaProducer, sent: Message) -> asyncio.Future[object]:
    partition = partition_of(sent.key, PARTITIONS)
    future: asyncio.Future[object] = await producer.send(
        TOPIC, sent.value, key=sent.key, partition=partition, headers=list(sent.headers)
    )
    return future


async def fill(address: KafkaAddress, count: int) -> None:
    async with idempotent_producer(address) as producer:
        for start in range(0, count, BATCH):
            await asyncio.gather(
                *[
                    await send(producer, encode(routed(n), TOPIC))
                    for n in range(start, min(count, start + BATCH))
                ]
            )


async def bare(made: Parts, count: int) -> float:
    """Records a second from Kafka into a bare table, nothing decided or hashed."""
    connection = await asyncpg.connect(made.database)
    await connection.execute("create table bare (partition int, position bigint, value bytea)")
    consumer = AIOKafkaConsumer(
        TOPIC,
        **made.address.arguments(),
        group_id="bare",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    seen, began = 0, 0.0
    try:
        while seen < count:
            fetched = await consumer.getmany(timeout_ms=100, max_records=BATCH)
            rows = [(r.partition, r.offset, r.value) for batch in fetched.values() for r in batch]
            if rows:
                began = began or time.perf_counter()
                async with connection.transaction():
                    await connection.copy_records_to_table("bare", records=rows)
                seen += len(rows)
        return count / (time.perf_counter() - began)
    finally:
        await consumer.stop()
        await connection.close()


@asynccontextmanager
async def service(made: Parts) -> AsyncIterator[psutil.Process]:
    """The audit service in a process of its own, with the pauses that it has in production."""
    around = Surroundings(
        bootstrap=made.kafka.bootstrap,
        username=made.address.username or "",
        password=made.address.password or "",
        postgres=made.database,
        topic=TOPIC,
        dead_letters="dead",
        group="audit",
        instance="0",
        folder=str(made.tiles),
        policy=policy([made.witness], threshold=1),
        batch_size=BATCH,
        publish_every_ms=500,
    )
    file, log = made.var / "service.json", made.var / "log" / "audit.log"
    file.write_text(json.dumps(asdict(around)))
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.audit_process", str(file), stdout=output, stderr=output
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def busy(process: psutil.Process) -> float:
    """Processor seconds of a process and its descendants, also of those that have ended."""
    times = process.cpu_times()
    own = times.user + times.system + times.children_user + times.children_system
    return own + sum(busy(child) for child in process.children())


async def throughput(made: Parts, audit: psutil.Process, count: int) -> dict[str, int]:
    """From the first covered events to all of them; beside the rate, everybody's processor time for one event."""
    watched = {
        "audit": audit,
        "postgres": psutil.Process(made.postgres.pid),
        "kafka": psutil.Process(made.kafka.pid),
        "witness": psutil.Process(made.witness.pid),
    }
    seen = Checkpoints(made.tiles / "checkpoint")
    await seen.watch(1)
    before = {name: busy(process) for name, process in watched.items()}
    began, start = seen.covered[-1]
    await seen.watch(count)
    done = seen.covered[-1][0]
    spent = {f"{name}Microseconds": busy(p) - before[name] for name, p in watched.items()}
    return {"eventsPerSecond": round((count - start) / (done - began))} | {
        name: round(1e6 * seconds / (count - start)) for name, seconds in spent.items()
    }


async def latency(made: Parts, first: int, *, rate: int, seconds: int) -> Sequence[float]:
    """Seconds from when each event was due until a published checkpoint covered it."""
    count, due = rate * seconds, dict[str, float]()
    seen = Checkpoints(made.tiles / "checkpoint")
    watching = asyncio.create_task(seen.watch(first + count))
    async with idempotent_producer(made.address) as producer:
        began, futures = time.perf_counter() + 0.1, list[asyncio.Future[object]]()
        for number in range(count):
            at = began + number / rate
            event = routed(first + number)
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            due[SECRECY.event(event.id)] = at
            futures.append(await send(producer, encode(event, TOPIC)))
        await asyncio.gather(*futures)
    await watching
    connection = await asyncpg.connect(made.database)
    rows = await connection.fetch("select index, id from audit.entries where index >= $1", first)
    await connection.close()
    return sorted(
        next(at for at, size in seen.covered if size > row["index"]) - due[row["id"].hex] for row in rows
    )


async def stored(made: Parts, count: int) -> dict[str, int]:
    connection = await asyncpg.connect(made.database)
    tables = await connection.fetchval(
        "select sum(pg_total_relation_size(relid)) from pg_stat_user_tables where schemaname = 'audit'"
    )
    await connection.close()
    files = sum(f.stat().st_size for f in made.tiles.rglob("*") if f.is_file())
    return {"bytesPerEntryInPostgres": round(tables / count), "bytesPerEntryInFiles": round(files / count)}


async def measure(made: Parts, options: argparse.Namespace) -> dict[str, int]:
    await fill(made.address, options.count)
    baseline = await bare(made, options.count)
    async with asyncio.timeout(_PATIENCE_S), service(made) as audit:
        through = await throughput(made, audit, options.count)
        late = await latency(made, options.count, rate=options.rate, seconds=options.seconds)
    cuts = statistics.quantiles(late, n=100)
    return {
        **through,
        "bareCopiesPerSecond": round(baseline),
        "coveredP50Milliseconds": round(1000 * cuts[49]),
        "coveredP99Milliseconds": round(1000 * cuts[98]),
        **await stored(made, options.count + len(late)),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--rate", type=int, default=500)
    options.add_argument("--seconds", type=int, default=15)
    options.add_argument("--write", action="store_true")
    chosen = options.parse_args()
    with parts() as made:
        measured = asyncio.run(measure(made, chosen))
    load = {"backlog": chosen.count, "eventsPerSecond": chosen.rate, "seconds": chosen.seconds}
    tell_limits(__file__, measured, LIMITS, at_least=("eventsPerSecond",), load=load)


if __name__ == "__main__":
    main()

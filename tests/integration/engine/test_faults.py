"""Workers are killed, frozen and stopped, and the broker is killed, in the midst of transactions.

Each output carries how many records of its key came before it, so a record lost, doubled or out of order
shows in the outputs and in the rows made from them.
"""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import Process
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest

from shared.kafka.client import idempotent_producer
from shared.kafka.records import partition_of
from shared.postgres.pool import Pool
from tests.integration.engine.conftest import Bench
from tests.support.stack import Database, KafkaAccess

KEYS, PER_KEY, PARTITIONS, WORKERS = 24, 120, 6, 3
FROZEN_SECONDS = 12.0  # beyond the session timeout, so that others take over
_ROOT = Path(__file__).parents[3]


class Workers:
    """Worker processes that are started again when they have ended, as a supervisor does."""

    def __init__(self, given: dict[str, object]) -> None:
        self._given = given
        self.processes: list[Process] = []

    async def start(self, number: int) -> Process:
        given = json.dumps({**self._given, "instance": str(number)})
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.engine.worker",
            given,
            cwd=_ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def replace(self, number: int, how: signal.Signals) -> None:
        process = self.processes[number]
        process.send_signal(how)
        await process.wait()
        self.processes[number] = await self.start(number)

    async def freeze(self, number: int, seconds: float) -> None:
        self.processes[number].send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.processes[number].send_signal(signal.SIGCONT)


@asynccontextmanager
async def working(given: dict[str, object]) -> AsyncIterator[Workers]:
    workers = Workers(given)
    try:
        for number in range(WORKERS):
            workers.processes.append(await workers.start(number))
        yield workers
    finally:
        for process in workers.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        codes = [await process.wait() for process in workers.processes]
    assert codes == [0] * WORKERS


async def feed(bench: Bench, source: str, *, seconds: float) -> None:
    """Send through one producer, which itself outlives the broker's death."""
    producer = idempotent_producer(bench.address)
    await producer.start()
    try:
        for n in range(PER_KEY):
            for key in (b"k%d" % k for k in range(KEYS)):
                await producer.send(source, b"%d" % n, key=key, partition=partition_of(key, PARTITIONS))
            await asyncio.sleep(seconds / PER_KEY)
    finally:
        await producer.stop()


async def faults(workers: Workers, kafka: KafkaAccess) -> None:
    moment = Random(5)
    for number in (0, 1, 0, 2, 1):
        await asyncio.sleep(moment.uniform(0.8, 1.6))
        await workers.replace(number, signal.SIGKILL)
    freezing = asyncio.ensure_future(workers.freeze(2, FROZEN_SECONDS))
    await asyncio.sleep(3)
    await workers.replace(0, signal.SIGTERM)
    await asyncio.sleep(2)
    await asyncio.to_thread(kafka.part.kill)
    await asyncio.to_thread(kafka.part.start)
    await freezing


def expected() -> dict[bytes, list[bytes]]:
    return {b"k%d" % key: [b"%d %d" % (n, n + 1) for n in range(PER_KEY)] for key in range(KEYS)}


async def rows(pool: Pool, count: int, *, seconds: float) -> Sequence[bytes]:
    async with asyncio.timeout(seconds):
        while await pool.fetchval("SELECT count(*) FROM effects") < count:  # noqa: ASYNC110 - it is PostgreSQL that is asked
            await asyncio.sleep(0.2)
    return [row["value"] for row in await pool.fetch("SELECT value FROM effects")]


@pytest.mark.timeout(150)
async def test_every_record_has_its_effect_once_and_in_order_through_kills_freezes_and_a_dead_broker(
    bench: Bench, kafka: KafkaAccess, database: Database, pool: Pool
) -> None:
    source, target = (bench.topic(name, partitions=PARTITIONS) for name in ("in", "out"))
    given: dict[str, object] = {
        "kafka": asdict(bench.address),
        "postgres": database.url,
        "group": bench.group,
        "source": source,
        "target": target,
        "dead": bench.topic("dead"),
        "state": bench.topic("state", partitions=PARTITIONS, config={"cleanup.policy": "compact"}),
    }
    async with working(given) as workers:
        feeding = asyncio.ensure_future(feed(bench, source, seconds=16))
        await faults(workers, kafka)
        await feeding
        written = await rows(pool, KEYS * PER_KEY, seconds=60)
        outputs = await bench.read(target)
    by_key: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for record in outputs:
        by_key[record.key or b""].append(record.value or b"")
    assert by_key == expected()
    assert sorted(written) == sorted(value for values in expected().values() for value in values)

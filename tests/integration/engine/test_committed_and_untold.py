"""A process dies when PostgreSQL has its effects and Kafka has nothing of them yet: the next one says each of them once."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from shared.kafka.records import Message
from shared.postgres.pool import Pool
from tests.integration.engine.conftest import Bench
from tests.support.stack import Database

_ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def worker(given: dict[str, object], *, hold: bool) -> AsyncIterator[Process]:
    """A process that is killed at the end of the block."""
    told = json.dumps(given | {"hold": hold})
    module = ("-m", "tests.integration.engine.outbox_worker", told)
    process = await asyncio.create_subprocess_exec(sys.executable, *module, cwd=_ROOT, stdout=DEVNULL)
    try:
        yield process
        assert process.returncode is None
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_count(pool: Pool, table: str, number: int) -> None:
    async with asyncio.timeout(120):
        while await pool.fetchval(f"SELECT count(*) FROM {table}") != number:  # noqa: ASYNC110 - it is PostgreSQL that is asked
            await asyncio.sleep(0.05)


async def test_what_a_killed_process_had_committed_is_published_once_by_the_next(
    bench: Bench, database: Database, pool: Pool
) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    given: dict[str, object] = {
        "kafka": asdict(bench.address),
        "postgres": database.url,
        "group": bench.group,
        "source": source,
        "target": target,
        "dead": bench.topic("dead"),
        "instance": "0",  # nobody waits until the group misses the one that died
    }
    records = [Message(source, b"k%d" % (n % 3), b"%d" % n) for n in range(20)]
    await bench.send(*records)
    async with worker(given, hold=True):
        await until_count(pool, "outbox", len(records))
    assert await bench.read(target) == []

    after = Message(source, b"k0", b"after")
    await bench.send(after)
    async with worker(given, hold=False):
        await bench.read_until(target, len(records) + 1)
        await until_count(pool, "outbox", 0)

    assert await pool.fetchval("SELECT count(*) FROM effects") == len(records) + 1
    told = await bench.read(target)
    for key in {record.key for record in records}:
        expected = [each.value for each in (*records, after) if each.key == key]
        assert [each.value for each in told if each.key == key] == expected

"""The whole service as processes on real Kafka and PostgreSQL, killed while it works."""

import asyncio
import json
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.merkle import CompactRange, grow, leaf_hash
from services.audit.domain.policy import log_only, open_checkpoint
from shared.events.envelope import encode
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, SECRECY, check_files, routed
from tests.support.audit_process import Surroundings
from tests.support.stack import KafkaAccess, RealParts, unique

EVENTS = 3000
POLICY = log_only(LOG_KEY.verifier, LOG_KEY_PQ.verifier)


@pytest.fixture
def around(kafka: KafkaAccess, database_url: str, tmp_path: Path) -> Surroundings:
    topic, dead_letters = unique("routed"), unique("dead")
    kafka.create(topic, partitions=6)
    kafka.create(dead_letters)
    return Surroundings(
        bootstrap=kafka.bootstrap,
        username=kafka.username,
        password=kafka.password,
        postgres=database_url,
        topic=topic,
        dead_letters=dead_letters,
        group=unique("audit"),
        instance="0",
        folder=str(tmp_path / "tiles"),
    )


class Process:
    """The service in a process of its own, started again after every death."""

    def __init__(self, around: Surroundings, folder: Path) -> None:
        self._file = folder / f"settings.{around.instance}.json"
        self._file.write_text(json.dumps(asdict(around)))
        self._log = folder / f"log.{around.instance}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.support.audit_process", str(self._file), stdout=log, stderr=log
            )

    def tell(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        await self._process.wait()


@asynccontextmanager
async def service(around: Surroundings, folder: Path) -> AsyncIterator[Process]:
    process = Process(around, folder)
    await process.start()
    try:
        yield process
    finally:
        await process.end()


async def produce(kafka: KafkaAccess, topic: str, *, repeat: float) -> None:
    """All events at some 1,500 a second; a share of them twice, as an outbox does after a crash."""
    chance = random.Random(7)
    async with AIOKafkaProducer(**kafka.connection, enable_idempotence=True) as producer:
        for number in range(EVENTS):
            message = encode(routed(number), topic)
            for _ in range(1 + (chance.random() < repeat)):
                await producer.send(topic, message.value, key=message.key, headers=list(message.headers))
            if number % 15 == 0:
                await asyncio.sleep(0.01)
        await producer.flush()


async def watch(folder: Path, seen: dict[int, set[bytes]]) -> None:
    """Note every checkpoint that a reader could have fetched, and check its files at once."""
    files, last = TileFolder(folder), None
    while True:
        note = files.read_now("checkpoint")
        if note is not None and note != last:
            checkpoint = open_checkpoint(note, POLICY)
            seen.setdefault(checkpoint.size, set()).add(checkpoint.root)
            last = note
        await asyncio.sleep(0.02)


async def reached(url: str, size: int, *, seconds: float = 120) -> None:
    async def published() -> int:
        try:
            connection = await asyncpg.connect(url)
            try:
                return int(await connection.fetchval("select published_size from audit.logs") or 0)
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return 0

    async with asyncio.timeout(seconds):
        while await published() < size:  # noqa: ASYNC110 - what is awaited lies in another process
            await asyncio.sleep(0.2)


async def verify(around: Surroundings, seen: dict[int, set[bytes]]) -> None:
    connection = await asyncpg.connect(around.postgres)
    rows = await connection.fetch("select index, id, leaf from audit.entries order by index")
    dead = await connection.fetchval(
        "select count(*) from audit.outbox where topic = $1", around.dead_letters
    )
    await connection.close()
    assert [row["index"] for row in rows] == list(range(EVENTS))
    assert {row["id"].hex for row in rows} == {SECRECY.event(routed(n).id) for n in range(EVENTS)}
    assert dead == 0
    folder = TileFolder(Path(around.folder))
    final = open_checkpoint(folder.read_now("checkpoint") or b"", POLICY)
    hashes = [leaf_hash(row["leaf"]) for row in rows]
    assert final == Checkpoint(final.origin, EVENTS, grow(CompactRange(), hashes)[0].root())
    check_files(folder.read_now, final)
    for size, roots in seen.items():
        assert roots == {grow(CompactRange(), hashes[:size])[0].root()}


async def under_load(
    kafka: KafkaAccess, around: Surroundings, fault: Callable[[], Awaitable[None]]
) -> dict[int, set[bytes]]:
    seen: dict[int, set[bytes]] = {}
    watching = asyncio.create_task(watch(Path(around.folder), seen))
    producing = asyncio.create_task(produce(kafka, around.topic, repeat=0.1))
    await fault()
    await producing
    await reached(around.postgres, EVENTS)
    async with asyncio.timeout(60):
        while EVENTS not in seen:  # noqa: ASYNC110 - the watcher sees it
            await asyncio.sleep(0.02)
    watching.cancel()
    return seen


async def test_killed_again_and_again_it_loses_nothing_and_repeats_nothing(
    kafka: KafkaAccess, around: Surroundings, tmp_path: Path
) -> None:
    async with service(around, tmp_path) as process:

        async def kill() -> None:
            for published in (1, 300, 700, 1200, 2000):
                await reached(around.postgres, published)
                await process.end()
                await process.start()

        seen = await under_load(kafka, around, kill)
        await verify(around, seen)


@pytest.mark.long
async def test_two_sequencers_make_one_tree_and_the_second_takes_over(
    kafka: KafkaAccess, around: Surroundings, tmp_path: Path
) -> None:
    other = replace(around, instance="1")
    async with service(around, tmp_path) as first, service(other, tmp_path):

        async def kill() -> None:
            await reached(around.postgres, 500)
            await first.end()

        seen = await under_load(kafka, around, kill)
        await verify(around, seen)


async def test_a_frozen_sequencer_that_wakes_up_later_cannot_fork_the_tree(
    kafka: KafkaAccess, around: Surroundings, tmp_path: Path
) -> None:
    other = replace(around, instance="1")
    async with service(around, tmp_path) as first, service(other, tmp_path):

        async def freeze() -> None:
            await reached(around.postgres, 500)
            first.tell(signal.SIGSTOP)
            await asyncio.sleep(12)  # longer than a session at Kafka and a transaction at PostgreSQL
            first.tell(signal.SIGCONT)

        seen = await under_load(kafka, around, freeze)
        await verify(around, seen)


@pytest.mark.long
async def test_it_goes_on_after_postgresql_was_restarted(
    kafka: KafkaAccess, around: Surroundings, stack: RealParts, tmp_path: Path
) -> None:
    async with service(around, tmp_path):

        async def restart() -> None:
            await reached(around.postgres, 1)
            await asyncio.to_thread(stack.postgres.kill)
            await asyncio.to_thread(stack.postgres.start)

        seen = await under_load(kafka, around, restart)
        await verify(around, seen)

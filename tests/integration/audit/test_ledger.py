"""Entries, payloads, keys and tree in one transaction of a real PostgreSQL."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from services.audit.adapters.decoder_process import ReadingProcess
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.adapters.tile_folder import TileFolder
from services.audit.consumer import AuditProjection
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.merkle import CompactRange, grow, leaf_hash
from services.audit.domain.note import Note
from services.audit.handler.publish import LogPublisher
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Fork
from shared.errors import Stopped
from shared.events.envelope import Undecodable, encode
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.records import Record
from shared.postgres.pool import Pool, transaction
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, NOW, ORIGIN, SECRECY, check_files, fact, routed

SEQUENCER = Sequencer(secrecy=SECRECY, random_bytes=os.urandom)


async def append(pool: Pool, *numbers: int) -> int:
    async with PostgresLedgers(pool, origin=ORIGIN).transaction() as ledger:
        return len((await SEQUENCER.append([fact(n) for n in numbers], ledger)).entries)


def publisher(log: PostgresLog, folder: Path) -> LogPublisher:
    async def alone(note: Note, _: Checkpoint) -> Note:
        return note

    return LogPublisher(
        origin=ORIGIN,
        keys=[LOG_KEY, LOG_KEY_PQ],
        log=log,
        publications=log,
        shelf=TileFolder(folder),
        clock=lambda: NOW,
        cosign=alone,
    )


async def test_a_repeated_fact_is_appended_once(pool: Pool, log: PostgresLog) -> None:
    assert await append(pool, 1, 2, 3) == 3
    assert await append(pool, 3, 2, 4, 4) == 1
    assert [r[0].hex for r in await pool.fetch("select id from entries order by index")] == [
        SECRECY.event(UUID(int=n)) for n in (1, 2, 3, 4)
    ]


async def test_the_stored_tree_is_that_of_the_stored_entries(pool: Pool, log: PostgresLog) -> None:
    for start in range(0, 1500, 300):
        await append(pool, *range(start, start + 300))
    entries = await log.entries(0, 1500)
    assert await log.frontier() == grow(CompactRange(), map(leaf_hash, entries))[0]
    for size in (1, 255, 256, 257, 1000, 1500):
        assert await log.frontier_at(size) == grow(CompactRange(), map(leaf_hash, entries[:size]))[0]


async def test_an_error_behind_the_append_leaves_nothing(pool: Pool, log: PostgresLog) -> None:
    async def fail() -> None:
        async with PostgresLedgers(pool, origin=ORIGIN).transaction() as ledger:
            await SEQUENCER.append([fact(1)], ledger)
            raise LookupError("what comes after fails")

    with pytest.raises(LookupError):
        await fail()
    counts = [await pool.fetchval(f"select count(*) from {t}") for t in ("entries", "payloads", "keys")]
    assert counts == [0, 0, 0]
    assert (await log.frontier()).size == 0


async def test_two_sequencers_at_once_make_one_tree(pool: Pool, log: PostgresLog) -> None:
    async def work(offset: int) -> None:
        for start in range(0, 200, 10):
            await append(pool, *range(start + offset, start + offset + 10))

    await asyncio.gather(work(0), work(5), work(0))
    indexes = [r[0] for r in await pool.fetch("select index from entries order by index")]
    assert indexes == list(range(205))
    assert await log.frontier() == grow(CompactRange(), map(leaf_hash, await log.entries(0, 205)))[0]


async def test_what_is_published_is_what_was_committed(pool: Pool, log: PostgresLog, tmp_path: Path) -> None:
    for size in (1, 255, 256, 257, 700):
        await append(pool, *range(size))
        running = publisher(log, tmp_path)
        tree = await running.publish(await running.start())
        assert tree.size == size
        check_files(TileFolder(tmp_path).read_now, Checkpoint(ORIGIN, size, tree.root()))


async def test_each_publication_is_announced_on_the_bus(pool: Pool, log: PostgresLog, tmp_path: Path) -> None:
    await append(pool, 1, 2)
    running = publisher(log, tmp_path)
    await running.publish(await running.start())
    row = await pool.fetchrow("select topic, key, value from outbox")
    assert row is not None
    assert (row["topic"], row["key"]) == ("audit.checkpoint.v1", ORIGIN.encode())
    assert b'"size":2' in row["value"]


async def test_no_smaller_and_no_other_tree_can_be_intended(pool: Pool, log: PostgresLog) -> None:
    await log.intend(Checkpoint(ORIGIN, 5, b"a" * 32))
    await log.intend(Checkpoint(ORIGIN, 5, b"a" * 32))
    for other in (Checkpoint(ORIGIN, 5, b"b" * 32), Checkpoint(ORIGIN, 4, b"a" * 32)):
        with pytest.raises(Fork, match="signed before"):
            await log.intend(other)


async def test_a_missing_row_is_noticed_before_anything_is_published(
    pool: Pool, log: PostgresLog, tmp_path: Path
) -> None:
    await append(pool, *range(300))
    await pool.execute("delete from entries where index = 17")
    running = publisher(log, tmp_path)
    with pytest.raises(Fork, match="only 299"):
        await running.publish(await running.start())


async def test_a_closed_log_takes_nothing(pool: Pool, log: PostgresLog) -> None:
    await pool.execute("update logs set closed_at = now()")
    with pytest.raises(Stopped, match="closed"):
        await append(pool, 1)


def records(numbers: Iterable[int]) -> list[Record]:
    """Routed events as they lie on the topic."""
    made = []
    for offset, number in enumerate(numbers):
        message = encode(routed(number), SUBMISSION_ROUTED.name)
        made.append(Record(message.topic, 0, offset, 0, message.key, message.value, message.headers))
    return made


@pytest.fixture
async def projection() -> AsyncIterator[AuditProjection]:
    reading = ReadingProcess(secrecy=SECRECY, topics=[SUBMISSION_ROUTED])
    yield AuditProjection(reading.read, SEQUENCER.append, origin=ORIGIN)
    await reading.close()


async def test_a_large_batch_keeps_its_order_and_drops_what_it_repeats(
    pool: Pool, log: PostgresLog, projection: AuditProjection
) -> None:
    async with transaction(pool) as connection:
        await projection.apply(connection, records([*range(1500), *range(700, 2200)]))
    stored = [r[0].hex for r in await pool.fetch("select id from entries order by index")]
    assert stored == [SECRECY.event(routed(number).id) for number in range(2200)]
    assert await log.frontier() == grow(CompactRange(), map(leaf_hash, await log.entries(0, 2200)))[0]


async def test_of_a_large_batch_with_an_unreadable_record_nothing_is_kept(
    pool: Pool, log: PostgresLog, projection: AuditProjection
) -> None:
    batch = records(range(2500))
    batch[2100] = replace(batch[2100], value=b"{")
    with pytest.raises(Undecodable, match="not valid at document"):
        async with transaction(pool) as connection:
            await projection.apply(connection, batch)
    assert (await log.frontier()).size == 0

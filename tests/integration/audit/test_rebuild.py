"""A lost database is made anew from the log's files, and the log goes on as if nothing had been lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from amtsweg.__main__ import build
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.merkle import grow, leaf_hash
from services.audit.domain.note import sign
from shared.postgres.pool import Pool, open_pool
from tests.integration.audit.conftest import RunningLog
from tests.integration.audit.test_ledger import SEQUENCER, publisher
from tests.support.audit import KNOWN_EVENTS, LOG_KEY, ORIGIN, fact
from tests.support.stack import Database

SIZE = 700


@pytest.fixture
async def rebuilt(running: RunningLog, database: Database) -> AsyncIterator[Pool]:
    """The running log's files in a database that never saw it."""
    await running.pool.executemany(
        "insert into offsets values ('audit', 'submission.routed.v1', $1, $2)",
        [(p, 100 + p) for p in range(6)],
    )
    await running.append_numbers(*range(SIZE))
    await running.covered(SIZE)
    done = await rebuild(running.folder, database.url)
    assert done.exit_code == 0, done.output
    pool = await open_pool(database.url, schema="audit")
    yield pool
    await pool.close()


async def rebuild(tiles: Path, url: str) -> Result:
    arguments = ["audit", "rebuild-database", "--tiles", str(tiles), "--postgres-url", url]
    arguments += ["--log-key", LOG_KEY.verifier.to_text()]
    return await asyncio.to_thread(CliRunner().invoke, build(["audit"]), arguments)


async def test_order_hashes_and_ids_are_the_same(running: RunningLog, rebuilt: Pool) -> None:
    for columns in (
        "log, index, id, type, time, case_ref, authority, service, leaf from entries",
        "* from subtrees",
    ):
        query = f"select {columns} order by log, index"
        assert await rebuilt.fetch(query) == await running.pool.fetch(query)
    same = "select origin, size, peaks, root, published_size, intended_size, intended_root from logs"
    assert await rebuilt.fetchrow(same) == await running.pool.fetchrow(same)


async def test_the_log_goes_on_behind_what_it_has(running: RunningLog, rebuilt: Pool) -> None:
    await PostgresLog(rebuilt, origin=ORIGIN, source="urn:amtsweg:audit").found(KNOWN_EVENTS)
    async with PostgresLedgers(rebuilt, origin=ORIGIN).transaction() as ledger:
        await SEQUENCER.append([fact(n) for n in range(SIZE - 10, SIZE + 10)], ledger)
    log = PostgresLog(rebuilt, origin=ORIGIN, source="urn:amtsweg:audit")
    grown, _ = grow(
        (await running.service.log.frontier()), map(leaf_hash, await log.entries(SIZE, SIZE + 10))
    )
    going_on = publisher(log, running.folder)
    assert await going_on.publish(await going_on.start()) == grown
    assert grown.size == SIZE + 10


async def test_the_bus_is_read_on_where_it_was_read_to_for_the_checkpoint(rebuilt: Pool) -> None:
    rows = await rebuilt.fetch("select consumer, topic, partition, next from offsets order by partition")
    assert [tuple(row) for row in rows] == [("audit", "submission.routed.v1", p, 100 + p) for p in range(6)]


async def test_payloads_are_not_in_the_files(rebuilt: Pool) -> None:
    assert [await rebuilt.fetchval(f"select count(*) from {t}") for t in ("payloads", "keys")] == [0, 0]


async def test_what_was_about_to_be_signed_is_made_anew_too(running: RunningLog, database: Database) -> None:
    await running.append_numbers(*range(SIZE))
    await running.covered(SIZE)
    await running.append_numbers(SIZE)
    await running.covered(SIZE + 1)
    # As after a crash between the intent and the publication: the file speaks of the smaller tree.
    folder = TileFolder(running.folder)
    signed = await folder.signed()
    assert signed is not None
    older = PostgresLog(running.pool, origin=ORIGIN, source="urn:amtsweg:audit")
    before = await older.frontier_at(SIZE)
    note = sign(Checkpoint(ORIGIN, SIZE, before.root()).to_text(), [LOG_KEY], time=0)
    await folder.publish(note.to_bytes(), {})
    done = await rebuild(running.folder, database.url)
    assert f"{signed.size} Einträge wiederhergestellt" in done.output


async def test_a_database_that_has_the_log_is_left_alone(running: RunningLog, database_url: str) -> None:
    await running.append_numbers(*range(10))
    await running.covered(10)
    done = await rebuild(running.folder, database_url)
    assert (done.exit_code, "hat schon Einträge von" in done.output) == (1, True)


async def test_a_forged_file_restores_nothing(running: RunningLog, database: Database) -> None:
    await running.append_numbers(*range(SIZE))
    await running.covered(SIZE)
    bundle = running.folder / "tile/entries/001"
    forged = bytearray(bundle.read_bytes())
    forged[100] ^= 1
    bundle.unlink()
    bundle.write_bytes(forged)
    done = await rebuild(running.folder, database.url)
    assert done.exit_code == 1
    async with await open_pool(database.url, schema="audit") as pool:
        assert await pool.fetchval("select count(*) from entries") == 0

"""Tables in a partition a month, on real PostgreSQL: no row is lost at an edge, none comes twice, old ones go whole."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from amtsweg.stack.binaries import postgres_programs
from amtsweg.stack.provision.schemas import granted, owner
from shared.errors import Unavailable
from shared.postgres.pool import Pool, open_pool
from shared.postgres.tables import WRITTEN_ON, ids_table, time_partition_functions
from shared.postgres.time_partitions import TimePartitioned, TimePartitions
from tests.support.stack import Database, unique

TABLE = TimePartitioned(table="things", unit="month", kept=2, ids="thing_ids")
THINGS = f"""
CREATE TABLE things (id uuid NOT NULL, {WRITTEN_ON}, PRIMARY KEY (id, written_on)) PARTITION BY RANGE (written_on)
"""
WRITE = """
WITH fresh AS (INSERT INTO thing_ids (id, written_on) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id)
INSERT INTO things (id, written_on) SELECT id, $2 FROM fresh
"""


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    async with await open_pool(database.url, schema="public") as opened:
        for statement in (
            *time_partition_functions(),
            THINGS,
            *ids_table("thing_ids", "id"),
        ):
            await opened.execute(statement)
        yield opened


@pytest.fixture
async def partitions(pool: Pool) -> TimePartitions:
    made = TimePartitions(pool, [TABLE])
    await made.add()
    return made


async def first_of_month(pool: Pool, *, ago: int = 0) -> date:
    first: date = await pool.fetchval(
        "SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') - $1 * interval '1 month')::date", ago
    )
    return first


async def passed(pool: Pool, *, months: int) -> None:
    """Make the partitions that so many months would have left behind."""
    for ago in range(1, months + 1):
        first, end = await first_of_month(pool, ago=ago), await first_of_month(pool, ago=ago - 1)
        await pool.execute(
            f"CREATE TABLE things_{first:%Y_%m} PARTITION OF things FOR VALUES FROM ('{first}') TO ('{end}')"
        )


async def write(pool: Pool, *days: date) -> list[UUID]:
    ids = [uuid4() for _ in days]
    await pool.executemany(WRITE, list(zip(ids, days, strict=True)))
    return ids


async def left(pool: Pool, table: str = "things") -> set[UUID]:
    return {row["id"] for row in await pool.fetch(f"SELECT id FROM {table}")}


async def test_every_day_of_the_months_ahead_has_its_partition(
    pool: Pool, partitions: TimePartitions
) -> None:
    first, end = await first_of_month(pool), await first_of_month(pool, ago=-4)
    days = [first + timedelta(days=n) for n in range((end - first).days)]
    await write(pool, *days)
    rows = await pool.fetch("SELECT tableoid::regclass::text AS part, written_on FROM things")
    assert {(row["part"], row["written_on"]) for row in rows} == {
        (f"things_{day:%Y_%m}", day) for day in days
    }
    with pytest.raises(asyncpg.CheckViolationError):
        await write(pool, end)
    await partitions.add()  # once more changes nothing


async def test_an_id_is_taken_once_in_whichever_month_it_comes_again(
    pool: Pool, partitions: TimePartitions
) -> None:
    await passed(pool, months=2)
    last_month, now = await first_of_month(pool, ago=1), await first_of_month(pool)
    [known] = await write(pool, last_month)
    both = uuid4()
    await asyncio.gather(*(pool.execute(WRITE, each, now) for each in (known, both, both, known, both)))
    assert sorted(row["id"] for row in await pool.fetch("SELECT id FROM things")) == sorted([known, both])


async def test_months_that_are_older_than_kept_go_whole_and_with_their_ids(
    pool: Pool, partitions: TimePartitions
) -> None:
    await passed(pool, months=5)
    oldest_kept = await first_of_month(pool, ago=2)
    gone = await write(pool, oldest_kept - timedelta(days=1), await first_of_month(pool, ago=5))
    kept = await write(pool, oldest_kept, await first_of_month(pool))
    await partitions.keep()
    await partitions.keep()
    assert await left(pool) == await left(pool, "thing_ids") == set(kept)
    await pool.execute(WRITE, gone[0], await first_of_month(pool))  # forgotten is new
    assert await left(pool) == {*kept, gone[0]}
    names = await pool.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'things%'")
    assert len(names) == 2 + 1 + 3


async def test_months_are_dropped_while_others_read_and_write(pool: Pool, partitions: TimePartitions) -> None:
    await passed(pool, months=6)
    now = await first_of_month(pool)
    done, written = asyncio.Event(), []

    async def work() -> None:
        while not done.is_set():
            written.extend(await write(pool, now))
            assert set(written[-1:]) <= await left(pool)

    working = [asyncio.ensure_future(work()) for _ in range(4)]
    await asyncio.gather(*(TimePartitions(pool, [TABLE]).keep() for _ in range(3)))  # replicas
    done.set()
    await asyncio.gather(*working)
    assert await left(pool) == set(written)


async def test_a_reader_of_hours_holds_up_the_drop_alone(pool: Pool, partitions: TimePartitions) -> None:
    await passed(pool, months=3)
    [old] = await write(pool, await first_of_month(pool, ago=3))
    async with pool.acquire() as dump, dump.transaction():
        await dump.fetch("SELECT * FROM things")
        with pytest.raises(Unavailable, match="things is being read"):
            await partitions.keep()
        [new] = await write(pool, await first_of_month(pool))
    assert await left(pool) == {old, new}
    await partitions.keep()
    assert await left(pool) == {new}


async def test_a_month_is_added_while_somebody_reads_for_hours(pool: Pool) -> None:
    async with pool.acquire() as dump, dump.transaction():
        await dump.fetch("SELECT * FROM things")
        await TimePartitions(pool, [TABLE]).add()
    await write(pool, await first_of_month(pool))


async def test_a_service_that_may_change_no_table_keeps_its_partitions(database: Database) -> None:
    role = unique("service").replace("-", "_")
    async with await open_pool(database.url, schema=role) as pool:
        for statement in (
            f"CREATE ROLE {owner(role)}",
            f"CREATE ROLE {role} LOGIN PASSWORD 'word'",
            f"CREATE SCHEMA {role} AUTHORIZATION {owner(role)}",
            f"SET ROLE {owner(role)}; SET search_path TO {role}",
        ):
            await pool.execute(statement)
    owning = await asyncpg.connect(database.url, server_settings={"search_path": role, "role": owner(role)})
    for statement in (
        *time_partition_functions(),
        THINGS,
        *ids_table("thing_ids", "id"),
        "CREATE TABLE alembic_version ()",
        *granted(role),
    ):
        await owning.execute(statement)
    await owning.close()
    url = f"postgresql://{role}:word@{database.host}:{database.port}/{database.name}"
    async with await open_pool(url, schema=role) as pool:
        await TimePartitions(pool, [TABLE]).keep()
        [one] = await write(pool, await first_of_month(pool))
        assert await left(pool) == {one}
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("DROP TABLE things")


async def test_a_restored_database_has_its_rows_ids_and_the_months_ahead(
    pool: Pool, partitions: TimePartitions, database: Database, tmp_path: Path
) -> None:
    await passed(pool, months=2)
    written = set(await write(pool, await first_of_month(pool, ago=2), await first_of_month(pool)))
    environment = {
        "PATH": f"{postgres_programs()}:{os.environ['PATH']}",
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGUSER": database.user,
        "PGPASSWORD": database.password,
        "PGDATABASE": database.name,
    }
    dump = str(tmp_path / "dump")
    for command in (
        ["pg_dump", "--format=custom", f"--file={dump}"],
        [
            "psql",
            "-qc",
            "DROP TABLE things, thing_ids; DROP FUNCTION add_time_partitions, drop_time_partitions",
        ],
        ["pg_restore", "--exit-on-error", f"--dbname={database.name}", dump],
    ):
        await asyncio.to_thread(subprocess.run, command, check=True, timeout=60, env=environment)
    first = await first_of_month(pool, ago=-3)
    await pool.execute(f"DROP TABLE things_{first:%Y_%m}")  # a backup of a month ago
    await partitions.keep()
    written |= set(await write(pool, first))
    assert await left(pool) == await left(pool, "thing_ids") == written

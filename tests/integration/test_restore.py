"""Backup and restore exactly as docs/operations.md says, on real PostgreSQL."""

import os
import subprocess
from pathlib import Path

import asyncpg
import pytest

from amtsweg.stack.binaries import postgres_programs
from tests.support.pages import rehearsed
from tests.support.stack import Database

ROWS = "SELECT * FROM audit.entries ORDER BY position"


def _run(name: str, database: Database, *, backup: Path, tiles: Path) -> None:
    subprocess.run(
        ["bash", "-c", rehearsed("docs/operations.md", name)],
        check=True,
        timeout=60,
        env={
            "PATH": f"{postgres_programs()}:{os.environ['PATH']}",
            "PGHOST": database.host,
            "PGPORT": str(database.port),
            "PGUSER": database.user,
            "PGPASSWORD": database.password,
            "PGDATABASE": database.name,
            "BACKUP": str(backup),
            "KEYS_BACKUP": str(backup),
            "TILES": str(tiles),
        },
    )


async def test_what_is_lost_after_a_backup_is_there_after_the_restore(
    database: Database, tmp_path: Path
) -> None:
    backup, tiles = tmp_path / "backup", tmp_path / "tiles"
    (tiles / "tile/0").mkdir(parents=True)
    (tiles / "tile/0/000").write_bytes(b"hashes")
    connection = await asyncpg.connect(database.url)
    await connection.execute(
        "CREATE SCHEMA audit; CREATE TABLE audit.entries (position bigint PRIMARY KEY, entry bytea);"
        "CREATE TABLE audit.keys (key bytea); INSERT INTO audit.keys VALUES ('of a case');"
        "INSERT INTO audit.entries SELECT n, sha256(n::text::bytea) FROM generate_series(1, 1000) AS n"
    )
    before = await connection.fetch(ROWS)

    _run("backup", database, backup=backup, tiles=tiles)
    await connection.execute(
        "DELETE FROM audit.entries WHERE position > 10; INSERT INTO audit.entries VALUES (-1)"
    )
    _run("restore", database, backup=backup, tiles=tiles)

    assert await connection.fetch(ROWS) == before
    assert await connection.fetchval("SELECT key FROM audit.keys") == b"of a case"
    assert (backup / "tiles/tile/0/000").read_bytes() == b"hashes"
    await connection.close()


async def test_a_restore_that_fails_leaves_everything_as_it_was(database: Database, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database.url)
    await connection.execute("CREATE SCHEMA audit; CREATE TABLE audit.entries (position bigint)")
    await connection.execute("INSERT INTO audit.entries VALUES (7)")
    (tmp_path / "amtsweg.dump").write_bytes(b"PGDMP not a dump")
    with pytest.raises(subprocess.CalledProcessError):
        _run("restore", database, backup=tmp_path, tiles=tmp_path)
    assert [row["position"] for row in await connection.fetch(ROWS)] == [7]
    await connection.close()

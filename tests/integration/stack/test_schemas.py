"""In PostgreSQL an owner migrates each schema, and the service reads and writes its rows and can change nothing else."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from amtsweg.stack.errors import StackError
from amtsweg.stack.provision import postgres as provision_postgres
from amtsweg.stack.provision import schemas
from amtsweg.stack.provision.logins import Logins
from shared.postgres.pool import Connection
from tests.support.stack import RealParts, unique


async def provisioned(stack: RealParts, folder: Path) -> Logins:
    """Provision the database; again with the same folder is with the same logins."""
    logins = Logins.of({name: folder / name for name in provision_postgres.ROLES})
    await asyncio.to_thread(
        provision_postgres.provision, stack.postgres.endpoint, logins=logins, registered=[]
    )
    return logins


@pytest.mark.parametrize("role", sorted(schemas.FOLDERS))
async def test_a_service_uses_the_rows_of_its_schema_and_changes_nothing_else(
    stack: RealParts, tmp_path: Path, role: str
) -> None:
    logins = await provisioned(stack, tmp_path)
    server = stack.postgres.endpoint
    owner = await asyncpg.connect(server.url(provision_postgres.DATABASE))
    connection = await asyncpg.connect(
        host=server.host,
        port=server.port,
        user=role,
        password=logins.passwords[role],
        database=provision_postgres.DATABASE,
    )
    try:
        rows = await owner.fetch(
            "select schemaname as schema, tablename as name, tableowner as owner from pg_tables "
            "where schemaname = any ($1)",
            [*schemas.FOLDERS],
        )
        assert {row["owner"] for row in rows} == {schemas.owner(name) for name in schemas.FOLDERS}
        own = [row["name"] for row in rows if row["schema"] == role]
        assert "offsets" in own or role == "doors"
        for table in own:
            await connection.execute(f'select * from "{table}" limit 1')
            for change in ("drop table {}", "alter table {} add column more int", "truncate {}"):
                await refused(connection, change.format(f'{role}."{table}"'))
        for statement in (
            f"update {role}.alembic_version set version_num = '0'",
            f"drop schema {role} cascade",
            f"set role {schemas.owner(role)}",
            "create role more",
            *(f'select * from {row["schema"]}."{row["name"]}"' for row in rows if row["schema"] != role),
        ):
            await refused(connection, statement)
    finally:
        await connection.close()
        await owner.close()


async def test_a_database_of_another_release_is_named_as_the_cause(stack: RealParts, tmp_path: Path) -> None:
    await provisioned(stack, tmp_path)
    owner = await asyncpg.connect(stack.postgres.endpoint.url(provision_postgres.DATABASE))
    try:
        ours = await owner.fetchval("select version_num from intake.alembic_version")
        await owner.execute("update intake.alembic_version set version_num = 'later'")
        try:
            with pytest.raises(StackError, match=r"schema intake .* no revision later"):
                await provisioned(stack, tmp_path)
        finally:
            await owner.execute("update intake.alembic_version set version_num = $1", ours)
    finally:
        await owner.close()


async def test_the_log_of_the_next_year_is_added_by_the_service_and_dropped_by_its_owner_alone(
    stack: RealParts, tmp_path: Path
) -> None:
    logins = await provisioned(stack, tmp_path)
    server, log = stack.postgres.endpoint, unique("log")
    owner = await asyncpg.connect(server.url(provision_postgres.DATABASE))
    connection = await asyncpg.connect(
        host=server.host,
        port=server.port,
        user="audit",
        password=logins.passwords["audit"],
        database=provision_postgres.DATABASE,
    )
    try:
        await connection.execute("select add_log($1)", log)
        made = await connection.fetchval("select id from logs where origin = $1", log)
        for part in ("entries", "payloads", "keys"):
            await connection.execute(f"select * from {part}_{made}")
        # An erasure writes the page of a destroyed key anew; without the right PostgreSQL only warns.
        before = await connection.fetchval(f"select pg_relation_filenode('audit.keys_{made}_0')")
        await connection.execute(f"vacuum full audit.keys_{made}_0")
        assert await connection.fetchval(f"select pg_relation_filenode('audit.keys_{made}_0')") != before
        await refused(connection, f"select drop_log('{log}')")
        await refused(connection, f"drop table audit.entries_{made}")
    finally:
        await owner.execute("update audit.logs set closed_at = now() where origin = $1", log)
        await owner.execute("set search_path = audit")
        await owner.execute("select drop_log($1)", log)
        await connection.close()
        await owner.close()


async def test_what_somebody_else_has_made_in_a_schema_belongs_to_its_owner_afterwards(
    stack: RealParts, tmp_path: Path
) -> None:
    """A database that was rebuilt by the super user, or made by an earlier release."""
    await provisioned(stack, tmp_path)
    owner = await asyncpg.connect(stack.postgres.endpoint.url(provision_postgres.DATABASE))
    try:
        await owner.execute(
            "alter table intake.offsets owner to current_user; alter schema intake owner to intake"
        )
        await provisioned(stack, tmp_path)
        table = "select tableowner from pg_tables where schemaname = 'intake' and tablename = 'offsets'"
        schema = "select nspowner::regrole::text from pg_namespace where nspname = 'intake'"
        assert await owner.fetchval(table) == await owner.fetchval(schema) == "intake_owner"
    finally:
        await owner.close()


async def refused(connection: Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)

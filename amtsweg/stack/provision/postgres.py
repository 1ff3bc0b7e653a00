"""One database, and in it one role and one schema per service; nobody enters another's."""

import asyncio
from collections.abc import Iterator, Sequence

import asyncpg

from amtsweg.stack.endpoints import PostgresEndpoint
from amtsweg.stack.errors import StackError
from amtsweg.stack.provision.logins import Logins

DATABASE = "amtsweg"
ROLES = ("intake", "notifier", "audit")
"""Each is a role and the schema that it owns; its service brings the tables."""


def provision(endpoint: PostgresEndpoint, *, logins: Logins) -> None:
    """Make what is missing; passwords are set to those of `logins`.

    Raises:
        StackError: the server refuses.
    """
    try:
        asyncio.run(_provision(endpoint, logins))
    except (OSError, asyncpg.PostgresError) as error:
        raise StackError(
            f"PostgreSQL at {endpoint.host}:{endpoint.port} could not be provisioned as {endpoint.user}: {error}"
        ) from error
    logins.keep()


async def _provision(endpoint: PostgresEndpoint, logins: Logins) -> None:
    server = await asyncpg.connect(endpoint.url("postgres"), timeout=10)
    try:
        if not await server.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await server.execute(f"create database {DATABASE}")
        roles = {row["rolname"] for row in await server.fetch("select rolname from pg_roles")}
        for statement in _roles(known=roles, logins=logins):
            await server.execute(statement)
    finally:
        await server.close()
    database = await asyncpg.connect(endpoint.url(DATABASE), timeout=10)
    try:
        for statement in _SCHEMAS:
            await database.execute(statement)
    finally:
        await database.close()


def _roles(*, known: set[str], logins: Logins) -> Iterator[str]:
    for role in ROLES:
        password = logins.passwords[role]  # URL-safe characters: nothing to quote
        if role not in known:
            yield f"create role {role} login password '{password}'"
        elif role in logins.fresh:
            yield f"alter role {role} login password '{password}'"


_SCHEMAS: Sequence[str] = (
    f"revoke all on database {DATABASE} from public",
    "revoke all on schema public from public",
    *(f"grant connect on database {DATABASE} to {role}" for role in ROLES),
    *(f"create schema if not exists {role} authorization {role}" for role in ROLES),
    *(f"alter role {role} in database {DATABASE} set search_path = {role}" for role in ROLES),
)

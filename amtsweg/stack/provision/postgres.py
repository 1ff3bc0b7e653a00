"""One database, and in it one role and one schema per service; nobody enters another's."""

import asyncio
from collections.abc import Iterator, Sequence

import asyncpg

from amtsweg.stack.endpoints import PostgresEndpoint
from amtsweg.stack.errors import StackError
from amtsweg.stack.provision.logins import Logins
from services.intake.adapters.postgres import clients
from services.intake.domain.client import Client

DATABASE = "amtsweg"
ROLES = ("intake", "notifier", "audit", "access")
"""Each is a role and the schema that it owns. The services bring their own tables; `access` is the command's."""


def provision(
    endpoint: PostgresEndpoint,
    *,
    logins: Logins,
    registered: Sequence[Client],
    fresh: frozenset[str] = frozenset(),
) -> None:
    """Make what is missing, and register these clients.

    One that is known stays as it is, shut out or with another secret, except for ``fresh`` ones that are not
    shut out: their secret was made just now.

    Raises:
        StackError: the server refuses.
    """
    try:
        asyncio.run(_provision(endpoint, logins=logins, registered=registered, fresh=fresh))
    except (OSError, asyncpg.PostgresError) as error:
        raise StackError(
            f"PostgreSQL at {endpoint.host}:{endpoint.port} could not be provisioned as {endpoint.user}: {error}"
        ) from error
    logins.keep()


async def _provision(
    endpoint: PostgresEndpoint, *, logins: Logins, registered: Sequence[Client], fresh: frozenset[str]
) -> None:
    server = await asyncpg.connect(endpoint.url("postgres"), timeout=10)
    try:
        if not await server.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await server.execute(f"create database {DATABASE}")
        known = {row["rolname"] for row in await server.fetch("select rolname from pg_roles")}
        for statement in _roles(known=known, logins=logins):
            await server.execute(statement)
    finally:
        await server.close()
    database = await asyncpg.connect(endpoint.url(DATABASE), timeout=10)
    try:
        for statement in _SCHEMAS:
            await database.execute(statement)
        kept = {row["id"] for row in await database.fetch(_KEPT, sorted(fresh))}
        await clients.register(database, *(client for client in registered if client.id not in kept))
    finally:
        await database.close()


def _roles(*, known: set[str], logins: Logins) -> Iterator[str]:
    for role in ROLES:
        password = logins.passwords[role]  # URL-safe characters: nothing to quote
        if role not in known:
            yield f"create role {role} login password '{password}'"
        elif role in logins.fresh:
            yield f"alter role {role} login password '{password}'"


_KEPT = "select id from access.clients where revoked_at is not null or id <> all ($1::text[])"

_SCHEMAS: Sequence[str] = (
    f"revoke all on database {DATABASE} from public",
    "revoke all on schema public from public",
    *(f"grant connect on database {DATABASE} to {role}" for role in ROLES),
    *(f"create schema if not exists {role} authorization {role}" for role in ROLES),
    *(f"alter role {role} in database {DATABASE} set search_path = {role}" for role in ROLES),
    clients.SCHEMA,
    "grant select, insert, update, delete on all tables in schema access to access",
    "grant usage on schema access to intake",
    "grant select on access.clients to intake",
)

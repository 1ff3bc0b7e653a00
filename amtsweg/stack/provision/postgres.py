"""One database, and in it a schema per service with an owner and a login; nobody enters another's."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta

import asyncpg

from amtsweg.language import said
from amtsweg.stack.endpoints import PostgresEndpoint
from amtsweg.stack.errors import AwayError, StackError
from amtsweg.stack.provision import schemas
from amtsweg.stack.provision.logins import Logins
from shared.access import registration
from shared.access.principal import Principal
from shared.access.schema import SCHEMA, grants
from shared.errors import Unavailable
from shared.postgres import migrations
from shared.postgres.pool import Connection

DATABASE = "amtsweg"
ROLES = ("intake", "doors", "desk", "notifier", "audit", "access")
"""Who logs in. Those in `schemas.FOLDERS` keep tables in a schema of that name, which another role owns; `access` is the
command's."""

DOORS = ("intake", "doors", "desk", "audit")
"""Roles of services that let principals in: they read schema `access`."""


def provision(
    endpoint: PostgresEndpoint,
    *,
    logins: Logins,
    registered: Sequence[Principal],
    fresh: frozenset[str] = frozenset(),
) -> None:
    """Make what is missing, and register these principals.

    One that is known stays as it is, shut out or with another secret, except for ``fresh`` ones that are not
    shut out: their credential was made just now and takes the place of the one that is lost.

    Raises:
        StackError: the server refuses.
    """
    try:
        asyncio.run(_provision(endpoint, logins=logins, registered=registered, fresh=fresh))
    except migrations.ForeignSchema as error:
        raise StackError(
            said(
                de="Die Daten in PostgreSQL stammen von einer anderen Fassung von Amtsweg. Mit jener weiterarbeiten; oder, wo sie "
                f"niemand mehr braucht, am lokalen Stapel den Ordner var löschen oder mit --var einen neuen nennen ({error})",
                en="The data in PostgreSQL were made by another release of Amtsweg. Go on with that one; or, where nobody needs "
                f"them any more, of a local stack delete the folder var or name a new one with --var ({error})",
            )
        ) from error
    except (OSError, asyncpg.PostgresError, Unavailable) as error:
        raise AwayError(
            said(
                de=f"PostgreSQL bei {endpoint.host}:{endpoint.port} ließ sich als {endpoint.user} nicht einrichten: {error}",
                en=f"PostgreSQL at {endpoint.host}:{endpoint.port} could not be provisioned as {endpoint.user}: {error}",
            )
        ) from error
    logins.keep()


async def _provision(
    endpoint: PostgresEndpoint, *, logins: Logins, registered: Sequence[Principal], fresh: frozenset[str]
) -> None:
    server = await asyncpg.connect(endpoint.url("postgres"), timeout=10)
    try:
        if not await server.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await server.execute(f"create database {DATABASE}")
        if (version := server.get_server_version()).major * 10000 < schemas.OLDEST_SERVER:
            raise StackError(
                said(
                    de=f"PostgreSQL {version.major} bei {endpoint.host} ist zu alt; gebraucht wird 17 oder neuer",
                    en=f"PostgreSQL {version.major} at {endpoint.host} is too old; 17 or newer is needed",
                )
            )
        known = {row["rolname"] for row in await server.fetch("select rolname from pg_roles")}
        for statement in _roles(known=known, logins=logins):
            await server.execute(statement)
    finally:
        await server.close()
    database = await asyncpg.connect(endpoint.url(DATABASE), timeout=10)
    try:
        for statement in _SCHEMAS:
            await database.execute(statement)
        await _migrate(endpoint)
        for role in schemas.FOLDERS:
            for statement in schemas.granted(role):
                await database.execute(statement)
        async with database.transaction():  # of hundreds that are new, each would be forced to disk by itself
            await _register(database, registered, fresh=fresh)
    finally:
        await database.close()


async def _migrate(endpoint: PostgresEndpoint) -> None:
    """Bring each schema to this release as its owner; the services may not."""
    for role, folder in schemas.FOLDERS.items():
        url = endpoint.url(DATABASE, role=schemas.owner(role))
        await migrations.upgrade(url, schema=role, folder=folder)


async def _register(database: Connection, registered: Sequence[Principal], *, fresh: frozenset[str]) -> None:
    known = {row["id"] for row in await database.fetch("select id from access.principals")}
    for principal in registered:
        if principal.id not in known:
            await registration.add(database, principal)
        elif principal.id in fresh:
            await registration.rotate(
                database, principal.id, credential=principal.credentials[0], overlap=timedelta()
            )
        if principal.id in known:
            await registration.name_sealing_keys(database, principal)


def _roles(*, known: set[str], logins: Logins) -> Iterator[str]:
    for role in ROLES:
        password = scram_verifier(logins.passwords[role])
        if role not in known:
            yield f"create role {role} login password '{password}'"
        elif role in logins.fresh:
            yield f"alter role {role} login password '{password}'"
    for role in schemas.FOLDERS:
        if schemas.owner(role) not in known:
            yield f"create role {schemas.owner(role)} nologin"
            yield f"grant {schemas.owner(role)} to current_user"


def scram_verifier(password: str) -> str:
    """What PostgreSQL keeps of a password (RFC 5803): statements get into logs and statistics, and this opens nothing."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_, stored_, server_ = (base64.b64encode(each).decode() for each in (salt, stored, server))
    return f"SCRAM-SHA-256${_ROUNDS}:{salt_}${stored_}:{server_}"


_ROUNDS = 4096
"""PostgreSQL's own number; the passwords are random, so that more would only slow down each connection."""

_SCHEMAS: Sequence[str] = (
    f"revoke all on database {DATABASE} from public",
    "revoke all on schema public from public",
    *(f"grant connect on database {DATABASE} to {role}" for role in ROLES),
    *(
        f"create schema if not exists {role} authorization {role}"
        for role in ROLES
        if role not in schemas.FOLDERS
    ),
    *(statement for role in schemas.FOLDERS for statement in schemas.owned(role)),
    *(f"alter role {role} in database {DATABASE} set search_path = {role}" for role in ROLES),
    SCHEMA,
    *grants(writer="access", readers=DOORS),
)

"""Writing schema ``access``: add, rotate with overlap, revoke. An id is never given twice, its row stays."""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

import asyncpg

from shared.access.principal import Credential, Principal
from shared.postgres.pool import Connection

_ADD: Final = """
INSERT INTO access.principals (id, kind, name, scopes, authorities) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO NOTHING RETURNING true
"""
_CREDENTIAL: Final = """
INSERT INTO access.credentials (principal, id, key, secret_hash) VALUES ($1, $2, $3, $4)
"""
_KNOWN: Final = "SELECT true FROM access.credentials WHERE principal = $1 AND id = $2"
# The newest of those in use goes on for the overlap; older ones have had theirs.
_OUTGOING: Final = """
UPDATE access.credentials SET valid_until = least(valid_until, CASE WHEN id = (
    SELECT id FROM access.credentials WHERE principal = $1 AND (valid_until IS NULL OR valid_until > now())
    ORDER BY valid_from DESC, id LIMIT 1
) THEN now() + $2 ELSE now() END)
WHERE principal = $1 AND (valid_until IS NULL OR valid_until > now())
"""
_SEALING_KEY: Final = """
INSERT INTO access.sealing_keys (principal, id, key) VALUES ($1, $2, $3)
ON CONFLICT (principal, id) DO NOTHING RETURNING true
"""
_OTHER_SEALING_KEYS: Final = """
UPDATE access.sealing_keys SET valid_until = least(valid_until, now() + $3) WHERE principal = $1 AND id <> $2
"""
_STANDING: Final = "SELECT true FROM access.principals WHERE id = $1 AND revoked_at IS NULL FOR UPDATE"
_REVOKE: Final = (
    "UPDATE access.principals SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING true"
)
_END: Final = """
UPDATE access.credentials SET valid_until = now()
WHERE principal = $1 AND id = $2 AND (valid_until IS NULL OR valid_until > now()) RETURNING true
"""
_EVERYBODY: Final = """
SELECT principals.*, credentials.id AS credential, credentials.key IS NOT NULL AS is_key, valid_from, valid_until
FROM access.principals LEFT JOIN access.credentials ON principal = principals.id
ORDER BY valid_from, principals.id
"""


_WITHOUT: Final = """
SELECT each FROM unnest($1::text[]) AS each WHERE NOT EXISTS (
    SELECT FROM access.principals WHERE kind = 'authority' AND each = ANY(authorities)
) ORDER BY each
"""
_SERVE: Final = """
UPDATE access.principals SET authorities = ARRAY(
    SELECT each FROM unnest(authorities || $2::text[]) AS each WHERE each <> ALL($3) GROUP BY each ORDER BY each
) WHERE id = $1 AND kind = 'provider' AND revoked_at IS NULL RETURNING authorities
"""


async def add(connection: Connection, principal: Principal) -> bool:
    """Register a principal with its credentials, from now on; False if its id was ever given."""
    async with connection.transaction():
        added = await connection.fetchval(
            _ADD,
            principal.id,
            principal.kind,
            principal.name,
            sorted(principal.scopes),
            sorted(principal.authorities),
        )
        if added:
            for credential in principal.credentials:
                await _enter(connection, principal.id, credential)
            await name_sealing_keys(connection, principal)
    return bool(added)


async def name_sealing_keys(connection: Connection, principal: Principal) -> None:
    """Register the principal's own sealing keys that are not known yet."""
    for key in principal.sealing_keys:
        await connection.execute(_SEALING_KEY, principal.id, key["kid"], json.dumps(dict(key)))


async def seal_to(
    connection: Connection, principal: str, *, key: Mapping[str, Any], overlap: timedelta
) -> bool:
    """From the next reading on others seal to this public JWK as well; to those before it until the overlap is over.

    False if there is no such principal, it is revoked, or it has ever had a key of that ``kid``.
    """
    async with connection.transaction():
        if not await connection.fetchval(_STANDING, principal):
            return False
        if not await connection.fetchval(_SEALING_KEY, principal, key["kid"], json.dumps(dict(key))):
            return False
        await connection.execute(_OTHER_SEALING_KEYS, principal, key["kid"], overlap)
    return True


async def rotate(
    connection: Connection, principal: str, *, credential: Credential, overlap: timedelta
) -> bool:
    """Give one more credential; the one in use ends after the overlap, and with it tokens that it opened.

    False if there is no such principal, it is revoked, or it has ever had a credential of that id.
    """
    async with connection.transaction():
        if not await connection.fetchval(_STANDING, principal):
            return False
        if await connection.fetchval(_KNOWN, principal, credential.id):
            return False
        await connection.execute(_OUTGOING, principal, overlap)
        await _enter(connection, principal, credential)
    return True


async def kind_of(connection: Connection, principal: str) -> str | None:
    """What kind of principal was registered under this id; None if none was."""
    kind: str | None = await connection.fetchval(
        "SELECT kind FROM access.principals WHERE id = $1", principal
    )
    return kind


async def revoke(connection: Connection, principal: str) -> bool:
    """Revoke a principal for good; False if there is none, or it is revoked already."""
    return bool(await connection.fetchval(_REVOKE, principal))


async def end_credential(connection: Connection, principal: str, *, credential: str) -> bool:
    """End one credential now; False if there is none that is valid."""
    return bool(await connection.fetchval(_END, principal, credential))


async def everybody(connection: Connection) -> list[asyncpg.Record]:
    """Each principal beside each of its credentials, revoked and ended ones included, the oldest first."""
    return await connection.fetch(_EVERYBODY)


async def without_access(connection: Connection, authorities: Collection[str]) -> list[str]:
    """Those of the authorities that were never given an access of their own, with which an inbox comes."""
    return [row["each"] for row in await connection.fetch(_WITHOUT, list(authorities))]


async def _enter(connection: Connection, principal: str, credential: Credential) -> None:
    key = None if credential.key is None else json.dumps(dict(credential.key))
    await connection.execute(_CREDENTIAL, principal, credential.id, key, credential.secret_hash)


async def serve(
    connection: Connection, provider: str, *, also: Collection[str] = (), no_more: Collection[str] = ()
) -> list[str] | None:
    """Let a provider act for more authorities, or for fewer; return all of them, None if there is no such provider."""
    found: list[str] | None = await connection.fetchval(_SERVE, provider, list(also), list(no_more))
    return found

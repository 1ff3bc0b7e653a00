"""The registered clients, schema ``access``: written by the ``amtsweg`` command, read here every 30 s."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Final

import asyncpg
import structlog

from services.intake.domain.client import Client
from shared.errors import Unavailable
from shared.postgres.pool import Connection, Pool, reaching_postgres
from shared.telemetry.health import Condition

REREAD_SECONDS: Final = 30.0

SCHEMA: Final = """
CREATE SCHEMA IF NOT EXISTS access;
CREATE TABLE IF NOT EXISTS access.clients (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
    name text NOT NULL,
    scopes text[] NOT NULL,
    secret_hash text,
    public_key jsonb,
    registered_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
COMMENT ON COLUMN access.clients.secret_hash IS 'PHC string, Argon2id';
COMMENT ON COLUMN access.clients.public_key IS 'JWK for private_key_jwt (RFC 7523)';
"""
"""What ``amtsweg`` runs as the owner of schema ``access``; intake's role gets USAGE and SELECT."""

_REGISTER: Final = """
INSERT INTO access.clients (id, name, scopes, secret_hash, public_key) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes,
    secret_hash = excluded.secret_hash, public_key = excluded.public_key, revoked_at = NULL
"""
_READ: Final = "SELECT id, name, scopes, secret_hash, public_key FROM access.clients WHERE revoked_at IS NULL"


async def register(connection: Connection, *clients: Client) -> None:
    """Write clients, replacing what was known of them."""
    await connection.executemany(
        _REGISTER,
        [
            (c.id, c.name, sorted(c.scopes), c.secret_hash, c.public_key and json.dumps(c.public_key))
            for c in clients
        ],
    )


class ClientRegistry:
    """The clients in memory. While PostgreSQL is away, those last read stay known."""

    def __init__(self, pool: Pool, *, condition: Condition) -> None:
        self._pool = pool
        self._condition = condition
        self._clients: Mapping[str, Client] | None = None
        self._log = structlog.get_logger().bind(part="clients")

    def get(self, client_id: str) -> Client | None:
        """Return the client as last read.

        Raises:
            Unavailable: they have not been read since the start; nobody is refused as unknown before.
        """
        if self._clients is None:
            raise Unavailable("PostgreSQL: the registered clients have not been read yet")
        return self._clients.get(client_id)

    async def reread(self) -> None:
        """Read all clients now.

        Raises:
            Unavailable: PostgreSQL cannot be reached.
        """
        with reaching_postgres():
            self._clients = _clients(await self._pool.fetch(_READ))

    async def run(self) -> None:
        """Reread until cancelled."""
        while True:
            try:
                await self.reread()
                self._condition.set("ready")
            except Unavailable as away:
                self._log.warning("clients not reread", error=away)
                self._condition.set("unready", reason=str(away))
            await asyncio.sleep(REREAD_SECONDS if self._condition.standing == "ready" else 1)


def _clients(rows: Iterable[asyncpg.Record]) -> dict[str, Client]:
    return {
        row["id"]: Client(
            id=row["id"],
            name=row["name"],
            scopes=frozenset(row["scopes"]),
            secret_hash=row["secret_hash"],
            public_key=row["public_key"] and json.loads(row["public_key"]),
        )
        for row in rows
    }

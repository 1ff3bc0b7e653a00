"""The principals, in memory: read again every 30 s, so that a revocation counts within a minute."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

import asyncpg
import structlog

from shared.access.principal import Credential, Principal
from shared.errors import Unavailable
from shared.postgres.pool import Pool, reaching_postgres
from shared.telemetry.health import Condition

REREAD_SECONDS: Final = 30.0
STALE_SECONDS: Final = 55.0
"""How old the last reading may be; after that nobody comes in, for one of them may have been revoked."""

_RETRY_SECONDS: Final = 1.0
_READ: Final = """
SELECT principals.id, kind, name, scopes, registered_at, authorities,
       (SELECT jsonb_agg(sealing_keys.key ORDER BY sealing_keys.valid_from, sealing_keys.id) FROM access.sealing_keys
        WHERE sealing_keys.principal = principals.id AND (sealing_keys.valid_until IS NULL OR sealing_keys.valid_until > now()))
           AS sealing_keys,
       credentials.id AS credential, credentials.key, secret_hash, credentials.valid_from, credentials.valid_until
FROM access.principals LEFT JOIN access.credentials ON principal = principals.id
WHERE revoked_at IS NULL
"""


class KnownPrincipals(Protocol):
    def get(self, principal: str) -> Principal | None:
        """Return the principal; None if there is none or it was revoked up to a minute ago.

        Raises:
            Unavailable: that cannot be said now.
        """


class Principals:
    """Implements `KnownPrincipals` over PostgreSQL. A short absence of the database changes nothing."""

    def __init__(
        self, pool: Pool, *, condition: Condition, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._condition = condition
        self._seconds = seconds
        self._known: Mapping[str, Principal] = {}
        self._read_at = float("-inf")
        self._log = structlog.get_logger().bind(part="principals")

    def get(self, principal: str) -> Principal | None:
        if self._seconds() - self._read_at > STALE_SECONDS:
            raise Unavailable("PostgreSQL: the registered principals have not been read lately")
        return self._known.get(principal)

    async def reread(self) -> None:
        """Read all principals now.

        Raises:
            Unavailable: PostgreSQL cannot be reached.
        """
        began = self._seconds()
        with reaching_postgres():
            self._known = _principals(await self._pool.fetch(_READ))
        self._read_at = began

    async def run(self) -> None:
        """Reread until cancelled."""
        while True:
            try:
                await self.reread()
                self._condition.set("ready")
                await asyncio.sleep(REREAD_SECONDS)
            except Unavailable as away:
                self._log.warning("principals not reread", error=away)
                self._condition.set("unready", reason=str(away))
                await asyncio.sleep(_RETRY_SECONDS)


def _principals(rows: Iterable[asyncpg.Record]) -> dict[str, Principal]:
    by_id: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        by_id.setdefault(row["id"], []).append(row)
    return {name: _principal(found) for name, found in by_id.items()}


def _principal(rows: list[asyncpg.Record]) -> Principal:
    first = rows[0]
    return Principal(
        id=first["id"],
        kind=first["kind"],
        name=first["name"],
        scopes=frozenset(first["scopes"]),
        authorities=frozenset(first["authorities"]),
        registered_at=first["registered_at"],
        credentials=tuple(_credential(row) for row in rows if row["credential"] is not None),
        sealing_keys=tuple(json.loads(first["sealing_keys"] or "[]")),
    )


def _credential(row: asyncpg.Record) -> Credential:
    return Credential(
        id=row["credential"],
        key=row["key"] and json.loads(row["key"]),
        secret_hash=row["secret_hash"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )

"""Registered webhooks and how far each has got, schema ``doors``."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

import asyncpg

from services.router.domain.cases.webhooks import SECRET_OVERLAP, Webhook, WebhookSecret
from shared.postgres.leader import Lead
from shared.postgres.pool import Pool, reaching_postgres, transaction

_REGISTER: Final = """
INSERT INTO webhooks (authority, principal, url) SELECT unnest($1::text[]), $2, $3
ON CONFLICT (authority) DO UPDATE SET
    principal = $2, url = $3, registered_at = now(), revision = nextval('webhook_revisions'), announced = 0,
    attempts = 0, next_at = NULL, failing_since = NULL, ended = NULL, reminders = 0
"""
_GENERATION: Final = """
INSERT INTO webhook_secrets (principal) VALUES ($1)
ON CONFLICT (principal) DO UPDATE SET generation = webhook_secrets.generation RETURNING generation
"""
_ROTATE: Final = """
UPDATE webhook_secrets SET generation = generation + 1, previous_until = now() + $2
WHERE principal = $1 AND EXISTS (SELECT FROM webhooks WHERE principal = $1 AND ended IS DISTINCT FROM 'withdrawn')
RETURNING generation
"""
_WITHDRAW: Final = """
UPDATE webhooks SET ended = 'withdrawn', revision = nextval('webhook_revisions')
WHERE authority = ANY($1) AND ended IS DISTINCT FROM 'withdrawn' RETURNING authority
"""
_REWIND: Final = """
UPDATE webhooks SET announced = least(announced, $2), attempts = 0, next_at = NULL, reminders = 0,
    revision = nextval('webhook_revisions')
WHERE authority = $1
"""
_OF: Final = "SELECT * FROM webhooks WHERE authority = ANY($1)"
_REVISIONS: Final = "SELECT authority, revision FROM webhooks WHERE ended IS NULL"
_SECRETS: Final = "SELECT * FROM webhook_secrets"
_KEEP: Final = """
UPDATE webhooks SET announced = kept.announced, attempts = kept.attempts, next_at = kept.next_at,
    failing_since = kept.failing_since, heard_at = kept.heard_at, last_failure = kept.last_failure,
    failed_calls = kept.failed_calls, laid_aside = kept.laid_aside, reminders = kept.reminders, ended = kept.ended
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::int[], $5::timestamptz[], $6::timestamptz[],
    $7::timestamptz[], $8::text[], $9::bigint[], $10::bigint[], $11::int[], $12::text[])
    AS kept(authority, revision, announced, attempts, next_at, failing_since, heard_at, last_failure, failed_calls,
        laid_aside, reminders, ended)
WHERE webhooks.authority = kept.authority AND webhooks.revision = kept.revision
"""


class PostgresWebhooks:
    """Implements `services.router.ports.WebhookStore`; raises ``Unavailable``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def register(self, authorities: Collection[str], *, principal: str, url: str) -> int:
        """Announce from the first unconfirmed record on; return the generation of the principal's secret."""
        async with transaction(self._pool) as connection:
            generation: int = await connection.fetchval(_GENERATION, principal)
            await connection.execute(_REGISTER, list(authorities), principal, url)
            return generation

    async def rotate(self, principal: str, *, overlap: timedelta = SECRET_OVERLAP) -> int | None:
        with reaching_postgres():
            generation: int | None = await self._pool.fetchval(_ROTATE, principal, overlap)
        return generation

    async def withdraw(self, authorities: Collection[str]) -> Sequence[str]:
        with reaching_postgres():
            rows = await self._pool.fetch(_WITHDRAW, list(authorities))
        return [row["authority"] for row in rows]

    async def rewind(self, authority: str, *, place: int) -> None:
        with reaching_postgres():
            await self._pool.execute(_REWIND, authority, place)

    async def of(self, authorities: Collection[str]) -> Mapping[str, Webhook]:
        with reaching_postgres():
            rows = await self._pool.fetch(_OF, list(authorities))
        return {row["authority"]: _webhook(row) for row in rows}

    async def revisions(self) -> Mapping[str, int]:
        """The revision of each that is to be called."""
        with reaching_postgres():
            rows = await self._pool.fetch(_REVISIONS)
        return {row["authority"]: row["revision"] for row in rows}

    async def secrets(self) -> Mapping[str, WebhookSecret]:
        """Which generations of each principal's secret are in use."""
        with reaching_postgres():
            rows = await self._pool.fetch(_SECRETS)
        return {row["principal"]: WebhookSecret(row["generation"], row["previous_until"]) for row in rows}

    async def keep(self, webhooks: Collection[Webhook], *, lead: Lead) -> None:
        """Write how far each has got, unless it was changed meanwhile: then that change counts.

        Raises:
            LeadLost: somebody else leads, and knows better how far each has got.
        """
        columns = [
            [getattr(each, name) for each in webhooks]
            for name in (
                "authority",
                "revision",
                "announced",
                "attempts",
                "next_at",
                "failing_since",
                "heard_at",
                "last_failure",
                "failed_calls",
                "laid_aside",
                "reminders",
                "ended",
            )
        ]
        async with lead.writing() as connection:
            await connection.execute(_KEEP, *columns)


def _webhook(row: asyncpg.Record) -> Webhook:
    names = Webhook.__dataclass_fields__
    return Webhook(**{name: row[name] for name in names})

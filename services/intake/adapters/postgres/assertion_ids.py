"""Ids of assertions that were used: each opens the door once (RFC 7523 section 3, ``jti``)."""

from typing import Final

from services.intake.domain.client import CLOCK_SKEW, Assertion
from shared.postgres.pool import Pool, reaching_postgres

_REMEMBER: Final = """
WITH forgotten AS (DELETE FROM assertion_ids WHERE expires_at < now())
INSERT INTO assertion_ids (client_id, id, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true
"""


class PostgresAssertionIds:
    """Implements `services.intake.ports.AssertionIds`, for all replicas, until no assertion can be accepted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def first_use(self, assertion: Assertion) -> bool:
        """False if the id was seen before.

        Raises:
            Unavailable: it cannot be known now, so nobody is let in by assertion.
        """
        forget_at = assertion.expires_at + 2 * CLOCK_SKEW
        with reaching_postgres():
            return bool(await self._pool.fetchval(_REMEMBER, assertion.client_id, assertion.id, forget_at))

"""What authorities did at their inbox, shown to them only, schema ``doors``. Failing to write it refuses nothing."""

import time
from collections.abc import Collection, Mapping
from typing import Final

import structlog

from services.router.domain.cases.inbox import InboxLook
from shared.errors import Unavailable
from shared.postgres.pool import Pool, reaching_postgres

_NOTED_SECONDS: Final = 60.0
_FETCHED: Final = """
INSERT INTO inbox_looks (authority, fetched_at) SELECT unnest($1::text[]), now()
ON CONFLICT (authority) DO UPDATE SET fetched_at = now()
"""
_REFUSED: Final = """
INSERT INTO inbox_looks (authority, refused_answers) VALUES ($1, 1)
ON CONFLICT (authority) DO UPDATE SET refused_answers = inbox_looks.refused_answers + 1
"""
_OF: Final = "SELECT * FROM inbox_looks WHERE authority = ANY($1)"


class PostgresLooks:
    """Implements `services.router.ports.InboxLooks`; a fetch is noted once a minute."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._noted: dict[str, float] = {}
        self._log = structlog.get_logger().bind(part="inbox looks")

    async def fetched(self, authorities: Collection[str]) -> None:
        now = time.monotonic()
        due = [each for each in authorities if now - self._noted.get(each, float("-inf")) >= _NOTED_SECONDS]
        if due:
            self._noted.update(dict.fromkeys(due, now))
            await self._execute(_FETCHED, sorted(due))

    async def refused(self, authority: str) -> None:
        await self._execute(_REFUSED, authority)

    async def of(self, authorities: Collection[str]) -> Mapping[str, InboxLook]:
        with reaching_postgres():
            rows = await self._pool.fetch(_OF, list(authorities))
        return {
            row["authority"]: InboxLook(fetched_at=row["fetched_at"], refused_answers=row["refused_answers"])
            for row in rows
        }

    async def _execute(self, statement: str, argument: object) -> None:
        try:
            with reaching_postgres():
                await self._pool.execute(statement, argument, timeout=2)
        except Unavailable as away:
            self._log.warning("not noted", error=away)

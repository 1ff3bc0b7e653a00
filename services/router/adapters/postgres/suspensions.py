"""Which authorities are suspended now, from schema ``access``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from shared.postgres.pool import Pool, reaching_postgres

_SUSPENDED: Final = "SELECT authority, since FROM access.suspensions ORDER BY since, authority LIMIT 500"


class PostgresSuspensions:
    """Implements `services.router.ports.console.Suspensions`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def now(self) -> Mapping[str, datetime]:
        with reaching_postgres():
            return {row["authority"]: row["since"] for row in await self._pool.fetch(_SUSPENDED)}

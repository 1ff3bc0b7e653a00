"""How far it has been told of each inbox that its records are fetched, schema ``doors``."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from shared.postgres.pool import Pool, reaching_postgres

_LEAD: Final = """
INSERT INTO fetch_lead (holder, until) VALUES ($1, now() + $2)
ON CONFLICT (one) DO UPDATE SET holder = $1, until = now() + $2
WHERE fetch_lead.holder = $1 OR fetch_lead.until < now() RETURNING true
"""
_ALL: Final = "SELECT authority, place FROM fetch_places"
_KEEP: Final = """
INSERT INTO fetch_places (authority, place) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (authority) DO UPDATE SET place = greatest(fetch_places.place, excluded.place)
"""


class PostgresFetchPlaces:
    """Raises ``Unavailable``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def lead(self, holder: str, *, lease: timedelta) -> bool:
        """Take the lead, or keep it for so long; False while somebody else has it."""
        with reaching_postgres():
            return bool(await self._pool.fetchval(_LEAD, holder, lease, timeout=lease.total_seconds() / 2))

    async def all(self) -> dict[str, int]:
        """The next place of each inbox that is known."""
        with reaching_postgres():
            return {row["authority"]: row["place"] for row in await self._pool.fetch(_ALL)}

    async def keep(self, places: Mapping[str, int]) -> None:
        """These inboxes have got so far; none goes back."""
        with reaching_postgres():
            await self._pool.execute(_KEEP, list(places), list(places.values()))

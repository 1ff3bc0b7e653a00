"""How far it has been told of each inbox that its records are fetched, schema ``doors``."""

from collections.abc import Mapping
from typing import Final

from shared.postgres.pool import Pool, reaching_postgres

_ALL: Final = "SELECT authority, place FROM fetch_places"
_KEEP: Final = """
INSERT INTO fetch_places (authority, place) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (authority) DO UPDATE SET place = greatest(fetch_places.place, excluded.place)
"""


class PostgresFetchPlaces:
    """Raises ``Unavailable``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> dict[str, int]:
        """The next place of each inbox that is known."""
        with reaching_postgres():
            return {row["authority"]: row["place"] for row in await self._pool.fetch(_ALL)}

    async def keep(self, places: Mapping[str, int]) -> None:
        """These inboxes have got so far; none goes back."""
        with reaching_postgres():
            await self._pool.execute(_KEEP, list(places), list(places.values()))

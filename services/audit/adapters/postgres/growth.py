"""How the log grew: a few entries, spread evenly, each with its time. As quick for a large log as for a small one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.postgres.pool import Pool, reaching_postgres

_POINTS = 60

_SAMPLES: Final = """
SELECT index, time
FROM entries
WHERE log = (SELECT id FROM logs WHERE origin = $1) AND index = ANY($2::bigint[])
ORDER BY index
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """An entry's place, and the time that its event states."""

    index: int
    time: datetime


class PostgresGrowth:
    """One log's growth, from its primary key."""

    def __init__(self, pool: Pool, *, origin: str) -> None:
        self._pool = pool
        self._origin = origin

    async def samples(self, size: int) -> list[Sample]:
        """At most 60 entries of the first ``size``, with the first and the last."""
        steps = min(_POINTS, size) - 1
        places = sorted({round(i * (size - 1) / max(steps, 1)) for i in range(steps + 1)})
        with reaching_postgres():
            rows = await self._pool.fetch(
                _SAMPLES,
                self._origin,
                places,
            )
        return [Sample(row["index"], row["time"]) for row in rows]

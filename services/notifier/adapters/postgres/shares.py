"""How many messages were handed over within ten seconds, by channel and kind, in the last days."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.postgres import pool as postgres
from shared.postgres.pool import Pool

_KEPT_SECONDS = 30.0

# Whatever became of a message later, it was handed over then. What an operator has sent again is not counted: it says nothing about the way of a first attempt.
_SHARES = """
    SELECT channel, kind, count(*) AS sent,
           count(*) FILTER (WHERE handed_over_at - occurred_at <= interval '10 seconds') AS in_time
    FROM messages
    WHERE retries = 0 AND occurred_at IS NOT NULL AND handed_over_at > now() - $1::interval
    GROUP BY channel, kind ORDER BY channel, kind
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of ``sent`` messages ``in_time`` were handed over within ten seconds of what they tell."""

    channel: str
    kind: str
    sent: int
    in_time: int


class Shares:
    """Counts at most twice a minute, however often it is asked."""

    def __init__(self, pool: Pool, *, over: timedelta) -> None:
        self._pool = pool
        self._over = over
        self._known: Sequence[Share] = ()
        self._until = 0.0

    async def now(self) -> Sequence[Share]:
        """Return the shares, by channel and kind.

        Raises:
            Unavailable: PostgreSQL cannot be reached.
        """
        if time.monotonic() >= self._until:
            async with postgres.transaction(self._pool) as connection:
                rows = await connection.fetch(_SHARES, self._over)
            self._known = [Share(**dict(row)) for row in rows]
            self._until = time.monotonic() + _KEPT_SECONDS
        return self._known

"""How many requests a client may send in a minute, counted in Redis across replicas.

Nothing depends on it: with Redis away everybody is let in, and the semaphore still protects this process.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from limits.aio.storage import RedisStorage
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

WINDOW_SECONDS: Final = 60
_PATIENCE_SECONDS: Final = 0.05
_REMEMBERED: Final = 1024
_REST_SECONDS: Final = 1.0
"""After a failure Redis is left alone for so long, so that its absence does not delay every request."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the window: ``remaining`` requests (negative: exceeded), for ``resets_in`` seconds."""

    limit: int
    remaining: int
    resets_in: int

    @property
    def exceeded(self) -> bool:
        return self.remaining < 0

    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers-10."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={max(self.remaining, 0)};t={self.resets_in}',
        }


class RedisRates:
    """Fixed windows of one minute.

    A replica fetches permits in parcels of a thousandth of the quota, so that few requests wait for Redis;
    what is left of a parcel at the end of its window is nobody's.
    """

    def __init__(
        self,
        url: str,
        *,
        limit: int,
        password: str | None = None,
        clock: Callable[[], float] = time.time,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = ConnectionPool.from_url(
            url,
            **({} if password is None else {"password": password}),
            socket_timeout=_PATIENCE_SECONDS,
            socket_connect_timeout=_PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), retries=0),
        )
        self._storage = RedisStorage(
            f"async+{url}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="intake:rate",
            connection_pool=self._pool,  # type: ignore[arg-type] # documented, missing in the annotation
        )
        self._limit = limit
        self._parcel = max(1, limit // 1000)
        self._parcels: dict[str, _Parcel] = {}
        self._clock = clock
        self._seconds = seconds
        self._rest_until = float("-inf")
        self._turn = asyncio.Lock()
        self._log = structlog.get_logger().bind(part="rates")

    async def count(self, who: str) -> Quota | None:
        """Count a request; None if it cannot be counted now."""
        now = self._clock()
        window, elapsed = divmod(int(now), WINDOW_SECONDS)
        parcel = self._unused(who, window)
        if parcel is None:
            # One request asks Redis; those beside it find its parcel, or that Redis is away.
            async with self._turn:
                parcel = self._unused(who, window) or await self._fetched(who, window)
            if parcel is None:
                return None
        parcel.left -= 1
        return Quota(self._limit, self._limit - parcel.used + parcel.left, WINDOW_SECONDS - elapsed)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    def _unused(self, who: str, window: int) -> "_Parcel | None":
        parcel = self._parcels.get(who)
        return parcel if parcel is not None and parcel.window == window and parcel.left else None

    async def _fetched(self, who: str, window: int) -> "_Parcel | None":
        if self._seconds() < self._rest_until:
            return None
        try:
            used = await self._storage.incr(f"{who}:{window}", 2 * WINDOW_SECONDS, amount=self._parcel)
        except StorageError as away:
            self._rest_until = self._seconds() + _REST_SECONDS
            self._log.warning("requests not counted", error=away)
            return None
        if len(self._parcels) >= _REMEMBERED:
            self._parcels.clear()
        self._parcels[who] = _Parcel(window, used, self._parcel)
        return self._parcels[who]


@dataclass(slots=True)
class _Parcel:
    """Permits of one window: ``used`` of all replicas when these were fetched, ``left`` of these."""

    window: int
    used: int
    left: int

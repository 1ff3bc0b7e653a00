"""A limit on what this process answers, so that inquiries never take the time that submissions need."""

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_REMEMBERED: Final = 10_000
"""Addresses; who has not asked for longest is forgotten first, and so has a full bucket again."""


class Bucket:
    """Holds so many requests and fills up evenly in a minute. ``seconds`` is a clock that never goes back."""

    def __init__(self, per_minute: int, *, seconds: Callable[[], float]) -> None:
        self._size = float(per_minute)
        self._filling = per_minute / 60
        self._seconds = seconds
        self._left = self._size
        self._looked = seconds()

    def take(self) -> int:
        """Take one request out and return 0; if there is none, return the whole seconds until there is."""
        now = self._seconds()
        self._left = min(self._size, self._left + (now - self._looked) * self._filling)
        self._looked = now
        if self._left < 1:
            return math.ceil((1 - self._left) / self._filling)
        self._left -= 1
        return 0


class Rates:
    """A bucket for all together, and one for each address, so that none of them silences the others."""

    def __init__(self, per_minute: int, *, per_address: int, seconds: Callable[[], float]) -> None:
        self._all = Bucket(per_minute, seconds=seconds)
        self._per_address = per_address
        self._seconds = seconds
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, address: str) -> int:
        """Take one request out for this address and return 0; else the whole seconds to wait."""
        bucket = self._buckets.pop(address, None) or Bucket(self._per_address, seconds=self._seconds)
        self._buckets[address] = bucket
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return bucket.take() or self._all.take()


class PrincipalRates:
    """A bucket for each principal, as large as it serves authorities: none of them takes the doors from the others."""

    def __init__(self, per_minute: int, *, seconds: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._seconds = seconds
        self._buckets: dict[tuple[str, int], Bucket] = {}

    def take(self, principal: str, *, authorities: int) -> int:
        """Take one request out for this principal and return 0; else the whole seconds to wait."""
        key = (principal, authorities)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(
                self._per_minute * max(1, authorities), seconds=self._seconds
            )
        return bucket.take()

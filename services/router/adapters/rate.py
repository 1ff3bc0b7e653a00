"""A limit on what this process answers, so that inquiries never take the time that submissions need."""

import math
from collections.abc import Callable


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

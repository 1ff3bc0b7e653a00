"""How many mails a server is given per second: a bucket that fills steadily and holds one second's worth."""

import math
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Pace:
    """``per_second`` mails on average. ``tokens`` may be spent at ``at``; it starts full.

    Instants are seconds of a monotonic clock.
    """

    per_second: float
    tokens: float
    at: float

    @classmethod
    def of(cls, per_second: float, *, now: float) -> Self:
        """Return a full bucket."""
        return cls(per_second, max(per_second, 1.0), now)

    def refilled(self, now: float, *, at_most: float = math.inf) -> Self:
        """Return the bucket as it stands now; it fills no faster than ``at_most`` a second, and holds no more."""
        passed, per_second = max(now - self.at, 0.0), min(self.per_second, at_most)
        tokens = min(self.tokens + passed * per_second, max(per_second, 1.0))
        return replace(self, tokens=tokens, at=now)

    def spend(self, mails: int) -> Self:
        """Return the bucket after so many mails."""
        return replace(self, tokens=self.tokens - mails)

"""How many mails a server is given per second: a bucket that fills steadily and holds one second's worth."""

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

    def refilled(self, now: float) -> Self:
        """Return the bucket as it stands now."""
        passed = max(now - self.at, 0.0)
        tokens = min(self.tokens + passed * self.per_second, max(self.per_second, 1.0))
        return replace(self, tokens=tokens, at=now)

    def spend(self, mails: int) -> Self:
        """Return the bucket after so many mails."""
        return replace(self, tokens=self.tokens - mails)

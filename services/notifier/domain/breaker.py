"""A circuit breaker for one mail server: when it does not work, it is left alone for a while, and comes back slowly."""

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Self

_DOUBLES_IN: Final = 5.0
_FIRST_RATE: Final = 2.0
_RETURN: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Closed while fewer than ``limit`` failures came in a row, then open for a while.

    Open for ``pause``, doubled up to ``longest`` with each further failure; then single mails probe the server. Once it
    works again, ``back_since``, it gets a trickle that grows, and a single failure opens the breaker anew.
    Instants are seconds of a monotonic clock: one that is set back would keep the breaker open.
    """

    limit: int = 5
    pause: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=5)
    failures: int = 0
    open_until: float | None = None
    back_since: float | None = None

    def after_success(self, now: float) -> Self:
        """Return the breaker once the server has answered as it should."""
        if self.open_until is not None:
            return replace(self, failures=0, open_until=None, back_since=now)
        return replace(self, failures=0) if self.failures else self

    def after_failure(self, now: float) -> Self:
        """Return the breaker once the server was not there, or refused us rather than a mail."""
        if self.open_until is not None and now < self.open_until:
            return self  # it was under way when the breaker opened, and tells us nothing new
        failures = self.limit if math.isfinite(self.rate(now)) else self.failures + 1
        if failures < self.limit:
            return replace(self, failures=failures)
        pause = min(self.pause * 2 ** min(failures - self.limit, 16), self.longest)
        return replace(self, failures=failures, open_until=now + pause.total_seconds(), back_since=None)

    def allowance(self, now: float, *, most: int) -> int:
        """How many mails may be under way now: none while open, one as a probe, otherwise ``most``."""
        if self.open_until is None:
            return most
        return 0 if now < self.open_until else 1

    def rate(self, now: float) -> float:
        """Mails a second that the server is given: few since it came back, twice as many every five seconds, then any."""
        if self.back_since is None or now - self.back_since >= _RETURN:
            return math.inf
        return _FIRST_RATE * 2 ** ((now - self.back_since) / _DOUBLES_IN)

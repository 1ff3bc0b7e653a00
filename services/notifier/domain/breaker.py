"""A circuit breaker for one mail server: when it does not work, it is left alone for a while."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Closed while fewer than ``limit`` failures came in a row, then open for a while.

    Open for ``pause``, doubled up to ``longest`` with each further failure; then single mails probe the server.
    Instants are seconds of a monotonic clock: one that is set back would keep the breaker open.
    """

    limit: int = 5
    pause: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=5)
    failures: int = 0
    open_until: float | None = None

    def after_success(self) -> Self:
        """Return the breaker once the server has answered as it should."""
        return replace(self, failures=0, open_until=None)

    def after_failure(self, now: float) -> Self:
        """Return the breaker once the server was not there, or refused us rather than a mail."""
        if self.open_until is not None and now < self.open_until:
            return self  # it was under way when the breaker opened, and tells us nothing new
        failures = self.failures + 1
        if failures < self.limit:
            return replace(self, failures=failures)
        pause = min(self.pause * 2 ** min(failures - self.limit, 16), self.longest)
        return replace(self, failures=failures, open_until=now + pause.total_seconds())

    def allowance(self, now: float, *, most: int) -> int:
        """How many mails may be under way now: none while open, one as a probe, otherwise ``most``."""
        if self.open_until is None:
            return most
        return 0 if now < self.open_until else 1

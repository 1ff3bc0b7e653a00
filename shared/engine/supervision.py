"""Failures in a row, counted for the consumer and for each unit; the group's health is that of its worst part."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from shared.backoff import FIRST_SECONDS, Backoff
from shared.telemetry.health import Condition, HealthStatus
from shared.telemetry.metrics import Telemetry

FAILURES_BEFORE_EXIT: Final = 40
"""Failures of one part in a row, about three minutes, after which the process exits."""

_STEADY_SECONDS: Final = 60.0
"""After this time open, a part's earlier failures no longer count, even if it committed nothing."""

_DISPUTED: Final = 8
_DISPUTE_SECONDS: Final = 60.0
_DISPUTE: Final = (
    "the partitions are taken away and given back again and again; "
    "another process may run with the same AMTSWEG_INSTANCE"
)
"""Kafka's client joins again without a word when another member has taken its name."""

_WORST_FIRST: Final[tuple[HealthStatus, ...]] = ("failed", "unready", "starting", "degraded", "ready")


class Supervised:
    """One part: the consumer, or a unit of its partitions."""

    def __init__(self, supervision: "Supervision", name: str) -> None:
        self._supervision = supervision
        self._name = name
        self._backoff = Backoff(first_seconds=supervision.first_pause_seconds)
        self._opened_at = float("inf")
        self.failures = 0
        self.standing: HealthStatus = "starting"
        self.reason = ""

    def opened(self) -> None:
        """The part has opened; whether its work succeeds is not known yet."""
        self._opened_at = time.monotonic()
        self._set("ready")

    def progressed(self) -> None:
        """The part has committed: it and the consumer are well again."""
        for part in (self, self._supervision.consumer):
            part.forget_failures()
        if self.standing != "ready":
            self._set("ready")

    def failed(self, error: BaseException) -> float:
        """Count a failure; return the seconds to wait before the next attempt.

        Raises:
            BaseException: the error itself, after too many failures in a row; the process should exit.
        """
        if time.monotonic() - self._opened_at > _STEADY_SECONDS:
            self.forget_failures()
        self._opened_at = float("inf")
        self.failures += 1
        seconds = self._backoff.take()
        self._supervision.log.warning(
            "part failed", part=self._name, error=error, failures=self.failures, next=seconds
        )
        if self.failures >= self._supervision.failures_before_exit:
            self._supervision.exhausted = True
            self._set("failed", reason=f"{self._name}: too many failures in a row")
            raise error
        self._set("unready", reason=f"{self._name}: failed, and is being reopened")
        return seconds

    def stopped(self, reason: str) -> None:
        """The part has stopped on purpose and waits for an operator."""
        self._set("unready", reason=reason)

    def disputed(self, reason: str) -> None:
        """The part works, but again and again another process gets in its way."""
        self._set("degraded", reason=reason)

    def forget_failures(self) -> None:
        """The next failure will be the first in a row."""
        self.failures = 0
        self._backoff.reset()

    def _set(self, standing: HealthStatus, *, reason: str = "") -> None:
        self.standing, self.reason = standing, reason
        self._supervision.show()


class Supervision:
    """All parts of one group's engine."""

    def __init__(
        self,
        group: str,
        *,
        condition: Condition,
        telemetry: Telemetry,
        failures_before_exit: int = FAILURES_BEFORE_EXIT,
        first_pause_seconds: float = FIRST_SECONDS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.group = group
        self.telemetry = telemetry
        self.failures_before_exit = failures_before_exit
        self.first_pause_seconds = first_pause_seconds
        self.exhausted = False
        self.log = structlog.get_logger().bind(group=group)
        self._condition = condition
        self.consumer = Supervised(self, "consumer")
        self._assignments: deque[float] = deque(maxlen=_DISPUTED)
        self._seconds = seconds
        self._units: dict[int, Supervised] = {}

    def unit(self, number: int) -> Supervised:
        """The unit with this number, with its failures so far."""
        return self._units.setdefault(number, Supervised(self, f"unit {number}"))

    def assigned(self, *, anything: bool) -> None:
        """The consumer has got its partitions, for the first time or anew; without ``anything`` there are none for it."""
        if anything:
            self._assignments.append(self._seconds())
        if self._is_disputed():
            self.consumer.disputed(_DISPUTE)
            asyncio.get_running_loop().call_later(_DISPUTE_SECONDS, self.look_again)
        else:
            self.consumer.opened()

    def look_again(self) -> None:
        """The dispute is over when nothing was taken away for a while."""
        if self.consumer.reason == _DISPUTE and not self._is_disputed():
            self.consumer.opened()

    def _is_disputed(self) -> bool:
        began = self._seconds() - _DISPUTE_SECONDS
        return len(self._assignments) == _DISPUTED and self._assignments[0] > began

    def keep(self, numbers: Iterable[int]) -> None:
        """Forget all units but these: other processes have the rest now."""
        kept = set(numbers)
        self._units = {number: unit for number, unit in self._units.items() if number in kept}
        self.show()

    def show(self) -> None:
        """Set the group's health to that of its worst part."""
        worst = min(
            (self.consumer, *self._units.values()), key=lambda part: _WORST_FIRST.index(part.standing)
        )
        self._condition.set(worst.standing, reason=worst.reason)

"""The retry policy after a temporary failure: wait, longer each time, and give up at some point."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from shared.events.notification import MessageKind

TOLD_WITHIN: Final[Mapping[MessageKind, timedelta]] = {
    "extension": timedelta(days=1),  # § 42a Abs. 2 Satz 4 VwVfG: before the old end
    "decision": timedelta(days=1),  # § 9 Abs. 1 OZG: on the day of the provision
    "trade-certificate": timedelta(days=1),  # § 15 Abs. 1 GewO: three days in all
}
"""Where the law leaves no time for days of attempts on one channel."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Try again after this pause, not before."""

    pause: timedelta


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The news is too old to be worth another attempt; the message has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Pauses begin with ``first``, grow by ``factor`` up to ``longest``; after ``ceiling`` there is no other.

    After ``faults`` errors of our own code with one message it is not tried again.
    """

    first: timedelta = timedelta(seconds=15)
    factor: float = 3.0
    longest: timedelta = timedelta(hours=1)
    ceiling: timedelta = timedelta(days=3)
    faults: int = 3


def patience_for(kind: MessageKind, patience: RetryPolicy, *, goes_on: bool) -> RetryPolicy:
    """Return the policy for a message; ``goes_on``: another channel follows, which may still be in time."""
    within = TOLD_WITHIN.get(kind)
    if within is None or not goes_on:
        return patience
    return replace(patience, ceiling=min(within, patience.ceiling))


def retry(patience: RetryPolicy, *, attempts: int, age: timedelta, jitter: float) -> Wait | GiveUp:
    """Decide after a failed attempt that may be the recipient's fault.

    ``attempts`` counts the attempts made, ``age`` is the time since the message was planned, ``jitter``
    between 0 and 1 spreads the load: the pause is shortened by up to a quarter.
    """
    pause = pause_after(patience, attempts=attempts, jitter=jitter)
    return GiveUp() if age + pause > patience.ceiling else Wait(pause)


def pause_after(patience: RetryPolicy, *, attempts: int, jitter: float) -> timedelta:
    """Return the pause after so many attempts, without an end: for what the recipient has not caused."""
    longest = patience.longest / patience.first
    growth = min(patience.factor ** min(max(attempts - 1, 0), 64), longest)
    return patience.first * growth * (1 - jitter / 4)

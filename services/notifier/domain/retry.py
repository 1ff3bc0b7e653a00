"""What follows when a server could not take a mail now: wait, longer each time, and give up at some point."""

from dataclasses import dataclass
from datetime import timedelta


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

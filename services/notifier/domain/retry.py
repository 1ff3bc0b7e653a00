"""What follows when a server could not take a mail now: wait, longer each time, and give up at some point."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Wait:
    """Try again, not before this instant."""

    until: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The news is too old to be worth another attempt; the message has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Pauses begin with ``first``, grow by ``factor`` up to ``longest``; after ``ceiling`` there is no other."""

    first: timedelta = timedelta(seconds=15)
    factor: float = 3.0
    longest: timedelta = timedelta(hours=1)
    ceiling: timedelta = timedelta(days=3)


def retry(
    patience: Patience, *, attempts: int, created_at: datetime, now: datetime, jitter: float
) -> Wait | GiveUp:
    """Decide after a failed attempt.

    ``attempts`` counts the attempts made, ``created_at`` is when the message was planned, ``jitter`` between
    0 and 1 spreads the load: the pause is shortened by up to a quarter.
    """
    growth = patience.factor ** min(attempts - 1, 32)
    pause = min(patience.first * growth, patience.longest) * (1 - jitter / 4)
    until = now + pause
    return GiveUp() if until > created_at + patience.ceiling else Wait(until)

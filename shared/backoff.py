"""Exponential backoff: a quick retry after a hiccup, few attempts during an outage."""

import asyncio
from typing import Final

FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 5.0


class Backoff:
    """Pauses that double up to 5 seconds. The caller calls ``reset`` after each success."""

    def __init__(self, *, first_seconds: float = FIRST_SECONDS) -> None:
        self._first_seconds = self.next_seconds = first_seconds

    def take(self) -> float:
        """Return the current pause in seconds and double the next one."""
        seconds, self.next_seconds = self.next_seconds, min(2 * self.next_seconds, LONGEST_SECONDS)
        return seconds

    async def sleep(self) -> None:
        """Wait for the current pause and double the next one."""
        await asyncio.sleep(self.take())

    def reset(self) -> None:
        """Make the next pause the shortest again."""
        self.next_seconds = self._first_seconds

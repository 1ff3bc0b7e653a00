"""Growing pauses between attempts: quick after a hiccup, gentle during an outage."""

import asyncio
from typing import Final

FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 5.0


class Backoff:
    """Doubles up to 5 seconds until ``reset``, which every success calls."""

    def __init__(self, *, first_seconds: float = FIRST_SECONDS) -> None:
        self._first_seconds = self.next_seconds = first_seconds

    def take(self) -> float:
        """Return this pause in seconds, and make the next one longer."""
        seconds, self.next_seconds = self.next_seconds, min(2 * self.next_seconds, LONGEST_SECONDS)
        return seconds

    async def sleep(self) -> None:
        """Wait for this pause."""
        await asyncio.sleep(self.take())

    def reset(self) -> None:
        """Begin again with the shortest."""
        self.next_seconds = self._first_seconds

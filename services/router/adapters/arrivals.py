"""Wakes requests that wait for an inbox, as soon as custody of one of its cases is written."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

_AGAIN_SECONDS: Final = 0.2
"""A transaction's marks are set topic by topic: the inbox may be a moment behind custody."""


class InboxNews:
    """Set when something may have come."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def wait(self, *, seconds: float) -> bool:
        """Return whether something may have come, as soon as that is so or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.event.wait()
                await asyncio.sleep(_AGAIN_SECONDS)
        return self.event.is_set()


class CustodyArrivals:
    """`services.router.ports.Arrivals`; the follower of custody calls ``arrived``."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[InboxNews]] = defaultdict(set)

    @property
    def waiting(self) -> int:
        """The number of inboxes that requests wait for."""
        return len(self._waiting)

    def arrived(self, authority: str) -> None:
        """Wake the requests that wait for this inbox."""
        for news in self._waiting.get(authority, ()):
            news.event.set()

    @contextmanager
    def listening(self, authorities: Sequence[str]) -> Iterator[InboxNews]:
        news = InboxNews()
        for authority in authorities:
            self._waiting[authority].add(news)
        try:
            yield news
        finally:
            for authority in authorities:
                self._waiting[authority].discard(news)
                if not self._waiting[authority]:
                    del self._waiting[authority]

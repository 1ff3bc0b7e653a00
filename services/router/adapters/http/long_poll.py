"""Waiting for an inbox: until a record comes, the time is over, or the caller has lost access."""

import asyncio
from collections.abc import Callable, Sequence

from services.router.domain.cases.inbox import InboxPage
from services.router.ports import Arrivals, Inboxes


async def until_something(
    inboxes: Inboxes,
    arrivals: Arrivals,
    served: Sequence[str],
    *,
    places: dict[str, int],
    limit: int,
    most_bytes: int,
    seconds: float,
    still: Callable[[], None],
    every: float,
) -> InboxPage:
    """The first page that holds a record, or an empty one when the time is over; ``still`` is asked every so many seconds, and raises to end it."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    while True:
        with arrivals.listening(served) as news:
            page = await inboxes.page(served, after=places, limit=limit, most_bytes=most_bytes)
            if page.records or page.beyond or clock() >= deadline:
                return page
            while not await news.wait(seconds=min(every, deadline - clock())) and clock() < deadline:
                still()

"""The inbox position of an authority whose clerks work at the page: it follows what they have answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.router.domain.cases.confirmable import confirmable
from services.router.domain.cases.inbox import ConsumerInGroup
from services.router.domain.cases.webhooks import Ending
from services.router.ports import Custody, Inboxes, InboxLooks, WebhookStore
from shared.errors import Unavailable

EVERY_SECONDS: Final = 10.0
SOFTWARE_SILENT: Final = timedelta(days=14)
"""After a change from pull to the page; a script that runs nightly, or after holidays, has its position meanwhile."""

_ENDED_BY_THEM: Final[frozenset[Ending]] = frozenset({"gone", "withdrawn"})
_MOST_RECORDS: Final = 500
_MOST_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ClerkPosition:
    """Where software of its own reads the inbox (it fetches, is called, or consumes), the position is that software's.

    Software counts as gone when it has not fetched for `SOFTWARE_SILENT` and no webhook is registered, or 410 has ended it.
    """

    inboxes: Inboxes
    looks: InboxLooks
    webhooks: WebhookStore
    custody: Custody
    clock: Callable[[], datetime]
    _moved: dict[str, float] = field(default_factory=dict)

    async def move(self, authorities: Sequence[str]) -> None:
        """Confirm for these authorities what has been answered or is over; it is worth no trouble to anybody."""
        now = self.clock().timestamp()
        due = [each for each in authorities if now - self._moved.get(each, 0.0) >= EVERY_SECONDS]
        self._moved.update(dict.fromkeys(due, now))
        try:
            looks, called = await self.looks.of(due), await self.webhooks.of(due)
            for each in due:
                fetched = looks[each].fetched_at if each in looks else None
                fetches = fetched is not None and self.clock() - fetched < SOFTWARE_SILENT
                is_called = each in called and called[each].ended not in _ENDED_BY_THEM
                if not fetches and not is_called:
                    await self._move(each, now_ms=int(now * 1000))
        except Unavailable:
            return  # what is not confirmed now is confirmed the next time

    async def _move(self, authority: str, *, now_ms: int) -> None:
        page = await self.inboxes.page([authority], after={}, limit=_MOST_RECORDS, most_bytes=_MOST_BYTES)
        place = confirmable(page.records, held=self.custody.now, now_ms=now_ms)
        if place is not None:
            try:
                await self.inboxes.commit({authority: place})
            except ConsumerInGroup:
                return

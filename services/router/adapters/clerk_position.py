"""The inbox position of an authority whose clerks work at the page: it follows what they have answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.router.domain.cases.confirmable import confirmable
from services.router.domain.cases.inbox import ConsumerInGroup
from services.router.ports import Custody, Inboxes, InboxLooks, WebhookStore
from shared.errors import Unavailable

EVERY_SECONDS: Final = 10.0
_MOST_RECORDS: Final = 500
_MOST_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ClerkPosition:
    """Where software of its own reads the inbox (it fetches, is called, or consumes), the position is that software's."""

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
                fetches = each in looks and looks[each].fetched_at is not None
                if not fetches and each not in called:
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

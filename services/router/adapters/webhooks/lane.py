"""Announces the records of one authority one after another, so that a failing receiver delays no other."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, NoReturn

import structlog

from services.router.domain.cases.webhooks import (
    End,
    Go,
    Heard,
    LayAside,
    Next,
    TryAgain,
    Webhook,
    WebhookAnnouncement,
    follows,
    reminder_due,
)
from shared.errors import Unavailable
from shared.postgres.leader import LeadLost

MOST_WAITING: Final = 500
"""Announcements in memory; then the inbox is not read on."""

Call = Callable[[Webhook, WebhookAnnouncement], Awaitable[Heard]]


class Lane:
    """``webhook`` is how it stands; ``confirmed`` the authority's own position, as far as it is known.

    ``fetched`` is the next place of the inbox that is to be read.
    """

    def __init__(
        self, webhook: Webhook, *, confirmed: int, call: Call, clock: Callable[[], datetime]
    ) -> None:
        self.webhook = replace(webhook, announced=max(webhook.announced, confirmed))
        self.confirmed = confirmed
        self.fetched = self.webhook.announced
        self.dirty = False
        self._call = call
        self._clock = clock
        self._waiting: deque[WebhookAnnouncement] = deque()
        self._read_by_kafka = False
        self._changed = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING

    def put(self, announcement: WebhookAnnouncement) -> None:
        self._waiting.append(announcement)
        self.fetched = announcement.offset + 1
        self._changed.set()

    def seen(self, confirmed: int, *, read_by_kafka: bool) -> bool:
        """What is known of the authority now; True if the inbox is to be read again, to remind it of what it has heard."""
        webhook = self.webhook
        if confirmed > self.confirmed and webhook.reminders:
            webhook = replace(webhook, reminders=0)
        self.confirmed = confirmed
        self._read_by_kafka = read_by_kafka
        self._changed.set()
        heard_at = webhook.heard_at
        remind = (
            confirmed < webhook.announced
            and not self._waiting
            and not read_by_kafka
            and heard_at is not None
            and reminder_due(reminders=webhook.reminders, heard_at=heard_at, now=self._clock())
        )
        if remind:
            webhook = replace(webhook, reminders=webhook.reminders + 1, announced=confirmed)
            self.fetched = confirmed
        self._keep(webhook)
        return remind

    async def run(self) -> NoReturn:
        """Announce until cancelled."""
        while True:
            announcement = await self._next()
            if announcement.offset < self.confirmed:
                self._announced(announcement)
                continue
            if announcement.fault is not None:
                self._pass_over(announcement, announcement.fault)
                continue
            if not await self._rested():
                continue
            try:
                self._settle(announcement, await self._call(self.webhook, announcement))
            except (LeadLost, Unavailable):
                raise
            except Exception as error:  # noqa: BLE001 - what a stranger answered is this receiver's trouble, whatever it trips
                self._settle(announcement, Heard(None, failure=f"not understood: {type(error).__name__}"))

    async def _next(self) -> WebhookAnnouncement:
        """The first announcement that waits, once the receiver may be called; it stays in the queue."""
        while not self._waiting or self._read_by_kafka or self.webhook.ended:
            if self._waiting and self._waiting[0].offset < self.confirmed:
                break
            self._changed.clear()
            await self._changed.wait()
        return self._waiting[0]

    async def _rested(self) -> bool:
        """Wait as long as nothing may be sent; False if something has changed meanwhile."""
        next_at = self.webhook.next_at
        if next_at is None or (left := (next_at - self._clock()).total_seconds()) <= 0:
            return True
        self._changed.clear()
        try:
            async with asyncio.timeout(left):
                await self._changed.wait()
        except TimeoutError:
            return True
        return False

    def _pass_over(self, announcement: WebhookAnnouncement, fault: str) -> None:
        """Count an unreadable record as laid aside, and go on with the next one."""
        self._tell(LayAside(fault))
        self._keep(replace(self.webhook, laid_aside=self.webhook.laid_aside + 1, last_failure=fault))
        self._announced(announcement)

    def _settle(self, announcement: WebhookAnnouncement, heard: Heard) -> None:
        now, webhook = self._clock(), self.webhook
        since = webhook.failing_since or now
        next_ = follows(heard, attempt=webhook.attempts + 1, failing_for=now - since, now=now)
        if not isinstance(next_, Go):
            self._tell(next_)
            webhook = replace(
                webhook,
                failing_since=since,
                last_failure=next_.failure,
                failed_calls=webhook.failed_calls + 1,
            )
        match next_:
            case Go():
                self._keep(replace(webhook, heard_at=now, failing_since=None, last_failure=None))
                self._announced(announcement)
            case LayAside():
                self._keep(replace(webhook, laid_aside=webhook.laid_aside + 1))
                self._announced(announcement)
            case TryAgain(pause=pause):
                self._keep(replace(webhook, attempts=webhook.attempts + 1, next_at=now + pause))
            case End(reason=reason):
                self._keep(replace(webhook, attempts=webhook.attempts + 1, ended=reason))

    def _announced(self, announcement: WebhookAnnouncement) -> None:
        self._waiting.popleft()
        self._keep(replace(self.webhook, announced=announcement.offset + 1, attempts=0, next_at=None))

    def _keep(self, webhook: Webhook) -> None:
        self.dirty = self.dirty or webhook != self.webhook
        self.webhook = webhook

    def _tell(self, next_: Next) -> None:
        log = structlog.get_logger().bind(part="webhooks", authority=self.webhook.authority)
        match next_:
            case End(reason=reason, failure=failure):
                log.warning("webhook ended", reason=reason, error=failure)
            case LayAside(failure=failure):
                log.warning("record skipped by a webhook", error=failure)
            case TryAgain(failure=failure) if self.webhook.attempts == 0:
                log.warning("webhook failed", error=failure)

"""One call of a webhook: signed, thin, sent through `shared.web.egress`."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from services.router.domain.cases.webhooks import Heard, Webhook, WebhookAnnouncement, WebhookSecret
from shared.crypto.webhook_signatures import WebhookKeys
from shared.telemetry.metrics import Telemetry
from shared.web.egress import Egress, NotPermitted, NotReached

SECONDS: Final = 15.0
"""How long a receiver may take."""

_OF_ONE_PRINCIPAL: Final = 8
"""Calls at once to the receivers of one principal: a provider of hundreds that is away holds no more than these."""
_AT_ONCE: Final = 256


class WebhookCalls:
    """Calls receivers. ``secrets`` says which generations of whose secret sign; whoever knows them sets it."""

    def __init__(
        self,
        egress: Egress,
        keys: WebhookKeys,
        *,
        clock: Callable[[], datetime],
        telemetry: Telemetry,
    ) -> None:
        self._egress = egress
        self._keys = keys
        self._clock = clock
        self._telemetry = telemetry
        self._all = asyncio.Semaphore(_AT_ONCE)
        self._own: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_OF_ONE_PRINCIPAL)
        )
        self.secrets: Mapping[str, WebhookSecret] = {}

    async def call(
        self, webhook: Webhook, announcement: WebhookAnnouncement, *, first: Callable[[], None]
    ) -> Heard:
        """Announce the record; return how the receiver answered. ``first`` raises where nobody is to be called."""
        async with self._own[webhook.principal], self._all:
            first()
            heard = await self._call(webhook, announcement)
        self._telemetry.count(
            "messages_sent", channel="webhook", result="sent" if heard.success else "failed"
        )
        return heard

    async def _call(self, webhook: Webhook, announcement: WebhookAnnouncement) -> Heard:
        now = self._clock()
        body = announcement.body()
        timestamp = int(now.timestamp())
        secret = self.secrets.get(webhook.principal, WebhookSecret(1))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "amtsweg-webhooks/1",
            "webhook-id": announcement.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": self._keys.header(
                announcement.event_id,
                timestamp,
                body,
                receiver=webhook.principal,
                generations=secret.in_use(now),
            ),
        }
        try:
            answer = await self._egress.post(
                webhook.url, body, headers=headers, seconds=SECONDS, of=webhook.principal
            )
        except NotPermitted as error:
            return Heard(None, failure=f"not permitted: {error}")
        except NotReached as error:
            return Heard(None, failure=f"not reached: {error}")
        return Heard(answer.status, retry_after=answer.headers.get("retry-after"))

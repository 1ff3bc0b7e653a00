"""Platforms' mailboxes, by signed webhook (Standard Webhooks 1.0), sent through `shared.web.egress`."""

from collections.abc import Mapping
from http import HTTPStatus

from services.notifier.domain.notice import Provision
from services.notifier.ports import Accepted, Clock, Deferred, MailOutcome, MailRefused
from shared.crypto.webhook_signatures import WebhookKeys
from shared.web.egress import Egress, NotPermitted, NotReached

_GENERATION = 1
_SUCCESS = range(200, 300)
# What a platform says of this one mailbox or notice, for good; everything else may be its own trouble and passes.
_FINAL = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY})


def receiver(client_id: str) -> str:
    """Whose secret signs: one apart from that of any webhook of an authority."""
    return f"mailbox {client_id}"


class WebhookMailboxes:
    """The `Mailboxes`: ``endpoints`` are the URLs by client."""

    def __init__(
        self,
        endpoints: Mapping[str, str],
        *,
        egress: Egress,
        keys: WebhookKeys | None,
        clock: Clock,
        seconds: float,
    ) -> None:
        self._endpoints = endpoints
        self._egress = egress
        self._keys = keys
        self._clock = clock
        self._seconds = seconds

    async def provide(self, notice: Provision) -> MailOutcome:
        url = self._endpoints.get(notice.client_id)
        if url is None or self._keys is None:
            return MailRefused(HTTPStatus.NOT_FOUND)  # this platform has no mailboxes here: the next channel
        own_id, now = str(notice.message_id), int(self._clock().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "amtsweg-mailbox/1",
            "webhook-id": own_id,
            "webhook-timestamp": str(now),
            "webhook-signature": self._keys.header(
                own_id,
                now,
                notice.body,
                receiver=receiver(notice.client_id),
                generations=(_GENERATION,),
            ),
        }
        try:
            answer = await self._egress.post(
                url, notice.body, headers=headers, seconds=self._seconds, of=notice.client_id
            )
        except (NotPermitted, NotReached):
            return Deferred(0)
        return judged_answer(answer.status)


def verification(keys: WebhookKeys, client_id: str) -> tuple[str, list[str]]:
    """The keys that a client verifies with: its own secret for ``v1``, the public keys for ``v1a``."""
    return keys.secret(receiver(client_id), _GENERATION), keys.public_keys()


def judged_answer(status: int) -> MailOutcome:
    """Read the status: 2xx is the provision, 404, 410 and 422 are final, anything else is tried again for a day."""
    if status in _SUCCESS:
        return Accepted()
    return MailRefused(status) if status in _FINAL else Deferred(status)

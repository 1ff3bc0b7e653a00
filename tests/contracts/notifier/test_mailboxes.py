"""Platforms' mailboxes on a real socket: signed, thin, under one id over all attempts."""

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from services.notifier.adapters.mailboxes import WebhookMailboxes, receiver, verification
from services.notifier.domain.notice import Provision, provision
from services.notifier.ports import Accepted, Deferred, MailOutcome, MailRefused
from shared.crypto.webhook_signatures import WebhookKeys
from shared.web.egress import Egress
from tests.support.mails import NAMES, WRITER, message
from tests.support.receiver import Receiver, answering, receiving

KEYS = WebhookKeys((bytes(32),))
NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)


def notice(client: str = "verwaltungsportal") -> Provision:
    written = message("decision")
    own = provision(written, WRITER.write(written, NAMES), mailbox="p-17")
    return Provision(client, own.message_id, own.body)


async def provide(receiving_end: Receiver, *, seconds: float = 5.0, times: int = 1) -> list[MailOutcome]:
    async with Egress(allowed=[ip_network("127.0.0.0/8")]) as egress:
        mailboxes = WebhookMailboxes(
            {"verwaltungsportal": receiving_end.url},
            egress=egress,
            keys=KEYS,
            clock=lambda: NOW,
            seconds=seconds,
        )
        return [await mailboxes.provide(notice()) for _ in range(times)]


async def test_a_notice_is_signed_and_says_which_mailbox_it_is_for() -> None:
    async with receiving() as platform:
        assert await provide(platform) == [Accepted()]
    (call,) = platform.calls
    expected = KEYS.header(
        call.webhook_id,
        int(NOW.timestamp()),
        call.body,
        receiver=receiver("verwaltungsportal"),
        generations=(1,),
    )
    assert call.headers["webhook-signature"] == expected
    assert {
        "mailbox": "p-17",
        "kind": "decision",
        "messageId": call.webhook_id,
    }.items() <= call.document.items()
    assert len(call.body) < 20_000
    assert verification(KEYS, "verwaltungsportal")[0].startswith("whsec_")


async def test_a_repeated_attempt_has_the_same_id_and_the_same_bytes() -> None:
    async with receiving() as platform:
        assert await provide(platform, times=2) == [Accepted(), Accepted()]
    assert len({(call.webhook_id, call.body) for call in platform.calls}) == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("404 Not Found", MailRefused(404)),
        ("410 Gone", MailRefused(410)),
        ("422 Unprocessable Content", MailRefused(422)),
        ("302 Found", Deferred(302)),
        ("401 Unauthorized", Deferred(401)),
        ("429 Too Many Requests", Deferred(429)),
        ("503 Service Unavailable", Deferred(503)),
    ],
)
async def test_only_what_a_platform_says_of_this_mailbox_is_final(status: str, outcome: MailOutcome) -> None:
    async with receiving(lambda _: answering(status)) as platform:
        assert await provide(platform) == [outcome]


async def test_a_platform_that_does_not_answer_is_asked_again() -> None:
    async with receiving(lambda _: None) as platform:
        assert await provide(platform, seconds=0.2) == [Deferred(0)]


async def test_a_platform_without_mailboxes_is_passed_over() -> None:
    async with Egress() as egress:
        mailboxes = WebhookMailboxes({}, egress=egress, keys=None, clock=lambda: NOW, seconds=1)
        assert await mailboxes.provide(notice()) == MailRefused(404)


async def test_a_private_address_is_never_called() -> None:
    async with receiving() as platform, Egress() as egress:
        url = platform.url.replace("http:", "https:")
        mailboxes = WebhookMailboxes(
            {"verwaltungsportal": url}, egress=egress, keys=KEYS, clock=lambda: NOW, seconds=1
        )
        assert await mailboxes.provide(notice()) == Deferred(0)
    assert platform.calls == []

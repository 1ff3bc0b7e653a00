"""Batches that nobody can read, on every topic that the notifier knows: what lies behind them is told all the same."""

import pytest

from shared.events.topics import consumed_by
from shared.kafka.bounded_decompression import MAX_UNPACKED_BYTES
from tests.integration.notifier.conftest import TOPICS, Notifier, until
from tests.support.batches import batch, send_batch


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_contact_that_is_held_behind_an_unreadable_batch_is_found(notifier: Notifier) -> None:
    """Its receipt has expired, so only the held submission knows whom to tell."""
    address = notifier.kafka.address
    bomb = batch(bytes(MAX_UNPACKED_BYTES), compression="gzip")
    for topic in TOPICS:
        assert await send_batch(address, topic.name, bomb)
    case = notifier.case()
    await notifier.publish(case.held(), case.routed())

    process = await notifier.start()

    await until(lambda: notifier.has("sent", case))
    assert [mail["To"] for mail in notifier.mail.mails] == [case.applicant]

    async def all_aside() -> bool:
        return await notifier.dead_letters() == len(consumed_by("notifier"))

    await until(all_aside)
    assert await notifier.end(process) == 0

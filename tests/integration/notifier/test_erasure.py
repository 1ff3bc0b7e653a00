"""An erasure at the notifier: contact and messages go, nobody is written to any more, and it is reported."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import PostgresCaseStore
from services.notifier.adapters.postgres.returns import ReturnedMails
from services.notifier.adapters.postgres.unread import UnreadInPostgres
from services.notifier.domain.bounces import DeliveryReport
from services.notifier.handler.planning import on_events, recall
from shared.events import ids
from shared.events.case import CaseMessage
from shared.events.envelope import Event
from shared.events.erasure import CaseErased, EraseOrdered
from shared.events.notification import NotificationRead, NotificationSettled
from shared.events.payload import Payload
from shared.events.submission import Channel, SubmissionHeld, SubmissionReceived, SubmissionRouted
from shared.events.topics import CASE_ERASED
from shared.postgres import pool as postgres
from shared.postgres.pool import Pool
from tests.support.events import GIESSEN, RECEIPT, RECEIVED_AT, sealed
from tests.support.law import hessian_law

SUBMISSION = UUID(int=77)
CASE = ids.case_id(SUBMISSION)
CONTACT = sealed("notifier-2026", purpose="contact")


def told(data: Payload) -> Event[Payload]:
    return Event(
        id=uuid4(),
        source="urn:amtsweg:tests",
        time=RECEIVED_AT,
        case_id=CASE,
        submission_id=SUBMISSION,
        data=data,
    )


async def apply(pool: Pool, *events: Payload) -> None:
    async with postgres.transaction(pool) as connection:
        await on_events([told(data) for data in events], PostgresCaseStore(connection), hessian_law())


RECEIVED = SubmissionReceived(receipt=RECEIPT, content=sealed(), contact=CONTACT)
NOTICE = sealed("notifier-2026", purpose="notice").model_copy(update={"tag": "G" * 22})
ASKED = CaseMessage(
    receipt=RECEIPT,
    authority=GIESSEN,
    kind="information-requested",
    answer_id=UUID(int=9),
    notice=NOTICE,
    given_at=RECEIVED_AT,
)
ORDER = EraseOrdered(basis="Art. 17 Abs. 1 DSGVO")


async def everything(pool: Pool) -> str:
    tables = ("cases", "messages", "notices")
    return str([tuple(row) for table in tables for row in await pool.fetch(f"SELECT * FROM {table}")])


async def test_contact_and_messages_of_an_erased_case_are_gone_and_it_is_reported(pool: Pool) -> None:
    await apply(pool, RECEIVED)
    sent = NotificationSettled(
        message_id=ids.message_id(CASE, "receipt", 1, "applicant", "email"), kind="receipt", revision=1,
        channel="email", outcome="sent", attempts=1, settled_at=RECEIVED_AT,
    )  # fmt: skip
    await apply(pool, sent)
    await apply(pool, SubmissionRouted(receipt=RECEIPT, authority=GIESSEN))
    await apply(pool, ASKED)
    assert CONTACT.ciphertext in await everything(pool)
    assert NOTICE.tag in await everything(pool)
    await apply(pool, ORDER)
    left = await everything(pool)
    for secret in (CONTACT.ciphertext, NOTICE.tag, RECEIPT.receipt_number, str(SUBMISSION)):
        assert secret not in left
    assert await pool.fetchval("SELECT count(*) FROM messages WHERE settled_at IS NULL") == 0
    (row,) = await pool.fetch("SELECT topic, value FROM outbox")
    assert row["topic"] == CASE_ERASED.name
    assert CaseErased.from_json(row["value"]).holder == "notifier"


async def test_nothing_brings_the_contact_of_an_erased_case_back(pool: Pool) -> None:
    await apply(pool, ORDER)
    await apply(pool, RECEIVED)
    await apply(pool, ASKED)
    assert NOTICE.tag not in await everything(pool)
    held = SubmissionHeld(receipt=RECEIPT, submission_id=SUBMISSION, content=sealed(), contact=CONTACT)
    async with postgres.transaction(pool) as connection:
        await recall([told(held)], PostgresCaseStore(connection))  # type: ignore[list-item] # the event carries what is held
    assert CONTACT.ciphertext not in await everything(pool)
    assert await pool.fetchval("SELECT count(*) FROM messages WHERE settled_at IS NULL") == 0


def sent(channel: Channel) -> NotificationSettled:
    return NotificationSettled(
        message_id=ids.message_id(CASE, "receipt", 1, "applicant", channel), kind="receipt", revision=1,
        channel=channel, outcome="sent", attempts=1, settled_at=RECEIVED_AT,
    )  # fmt: skip


def received(channel: Channel) -> SubmissionReceived:
    receipt = RECEIPT.model_copy(update={"channels": (channel, "letter")})
    return RECEIVED.model_copy(update={"receipt": receipt})


async def late(pool: Pool, channel: Channel) -> None:
    """What is still heard of a message: of a mail a bounce, of one in a mailbox that it is unread, and then read."""
    message, at = sent(channel).message_id, RECEIVED_AT + timedelta(days=8)
    if channel == "email":
        returned = ReturnedMails(pool)
        for outcome in ("delayed", "failed", "delivered"):
            await returned.note(message, DeliveryReport(outcome, "5.1.1"), at=at)
    else:
        await UnreadInPostgres(pool, history=StoreHistory("notifier")).note(at, most=10)
        read = NotificationRead(message_id=message, read_at=at)
        await apply(pool, read)
        await apply(pool, read)


@pytest.mark.parametrize("channel", ["email", "mailbox"])
async def test_what_is_heard_late_of_a_message_brings_an_erased_case_back_nowhere(
    pool: Pool, channel: Channel
) -> None:
    await apply(pool, received(channel))
    await apply(pool, sent(channel))
    await apply(pool, ORDER)
    left = await everything(pool)

    await late(pool, channel)
    # What this service said before it was erased comes back to it, too.
    for outcome, reason in (("failed", "bounced"), ("unread", None), ("unknown", None)):
        unread = {"unread_days": 5} if outcome == "unread" else {}
        said = {"outcome": outcome, "reason": reason, "settled_at": RECEIVED_AT + timedelta(days=9), **unread}
        await apply(pool, sent(channel).model_copy(update=said))

    assert await pool.fetchval("SELECT count(*) FROM messages WHERE settled_at IS NULL") == 0
    for secret in (CONTACT.ciphertext, RECEIPT.receipt_number, str(SUBMISSION)):
        assert secret not in left + await everything(pool)
    assert [row["topic"] for row in await pool.fetch("SELECT topic FROM outbox")] == [CASE_ERASED.name]


@pytest.mark.parametrize("channel", ["email", "mailbox"])
async def test_of_a_case_that_is_not_erased_the_same_is_told(pool: Pool, channel: Channel) -> None:
    await apply(pool, received(channel))
    await apply(pool, sent(channel))
    await late(pool, channel)
    assert await pool.fetchval("SELECT count(*) FROM outbox") > 0

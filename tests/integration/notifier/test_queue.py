"""PostgreSQL keeps the contract that the fake keeps."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.notifier.adapters.postgres import MIGRATIONS
from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import PostgresCaseStore
from services.notifier.adapters.postgres.queue import PostgresQueue
from services.notifier.adapters.postgres.retention import Retention
from services.notifier.adapters.postgres.returns import ReturnedMails
from services.notifier.domain.bounces import DeliveryReport
from services.notifier.domain.case import Case, ContactState
from services.notifier.domain.message import ApplicantMessage
from services.notifier.ports import Claim
from shared.events.case import CaseMessage
from shared.events.envelope import Event
from shared.events.ids import child_id
from shared.events.notification import NotificationSettled
from shared.events.payload import Sealed
from shared.postgres import migrations
from shared.postgres import pool as postgres
from shared.postgres.pool import Pool
from tests.contracts.notifier.queue import CONTACT, LEASE, NOTICE, QueueContract, Subject
from tests.support.events import GIESSEN, RECEIPT
from tests.support.mails import message
from tests.support.stack import Database


@dataclass
class Real:
    queue: PostgresQueue
    pool: Pool

    async def plan(self, planned: ApplicantMessage, contact: ContactState = CONTACT) -> None:
        async with postgres.transaction(self.pool) as connection:
            ledger = PostgresCaseStore(connection)
            await ledger.keep([Case(planned.case_id, contact=contact)], [planned])

    async def note(self, planned: ApplicantMessage, notice: Sealed) -> None:
        """As the router publishes it: what is sealed and what was told follow from one answer."""
        answer = uuid4()
        told = CaseMessage(
            receipt=RECEIPT,
            authority=GIESSEN,
            kind="information-requested",
            answer_id=answer,
            notice=notice,
            given_at=planned.occurred_at,
        )
        event = Event(
            id=child_id(answer, "message"),
            source="tests",
            time=planned.occurred_at,
            case_id=planned.case_id,
            submission_id=planned.submission_id,
            data=told,
        )
        async with postgres.transaction(self.pool) as connection:
            await connection.execute(
                "UPDATE messages SET notice = $1 WHERE id = $2",
                child_id(answer, "information-requested"),
                planned.id,
            )
            await PostgresCaseStore(connection).note([event])

    async def pass_time(self, seconds: float) -> None:
        """PostgreSQL's clock cannot be set: what lies in the future or past is moved instead."""
        await self.pool.execute(
            """UPDATE messages SET created_at = created_at - $1::interval, due_at = due_at - $1::interval,
                                   leased_until = leased_until - $1::interval""",
            timedelta(seconds=seconds),
        )

    async def emitted(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM outbox"))


WAITING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
WEEK = timedelta(days=7)


@pytest.fixture
async def real(database: Database) -> AsyncIterator[Real]:
    await migrations.upgrade(database.url, schema="notifier", folder=MIGRATIONS)
    pool = await postgres.open_pool(database.url, schema="notifier")
    try:
        yield Real(PostgresQueue(pool, lease=LEASE, history=StoreHistory("notifier")), pool)
    finally:
        await pool.close()


@pytest.mark.parametrize(
    ("closed_days_ago", "settled_days_ago", "erased"),
    [(8, 8, 1), (8, 6, 0), (6, 8, 0), (8, None, 0), (None, 8, 0)],
)
async def test_a_contact_stays_until_a_week_after_the_case_closed_and_its_last_message_was_settled(
    real: Real, closed_days_ago: int | None, settled_days_ago: int | None, erased: int
) -> None:
    """A message that still waits keeps it as well, and what an authority has sealed goes with it."""
    planned = replace(message("incomplete"), notice=uuid4())
    await real.plan(planned)
    await real.note(planned, NOTICE)
    if closed_days_ago:
        await real.pool.execute(
            "UPDATE cases SET closed_at = now() - make_interval(days => $1)", closed_days_ago
        )
    if settled_days_ago:
        await real.pool.execute(
            "UPDATE messages SET state = 'sent', settled_at = now() - make_interval(days => $1)",
            settled_days_ago,
        )
    assert await Retention(real.pool).erase_contacts(closed_for=WEEK) == erased
    assert await real.pool.fetchval("SELECT count(*) FROM notices") == 1 - erased
    assert await real.pool.fetchval("SELECT count(*) FROM cases WHERE contact IS NOT NULL") == 1 - erased


@pytest.mark.parametrize(
    ("state", "unread_days", "erased"),
    [("sent", None, 0), ("unread", 5, 0), ("unread", 7, 1), ("delivered", None, 1), ("failed", None, 1)],
)
async def test_what_may_still_lie_unread_keeps_the_contact_however_short_it_is_kept(
    real: Real, state: str, unread_days: int | None, erased: int
) -> None:
    """Else nobody could be told by e-mail or letter what they have not opened."""
    await real.plan(replace(message("decision"), channel="mailbox"))
    await real.pool.execute("UPDATE cases SET closed_at = now() - interval '2 days'")
    await real.pool.execute(
        "UPDATE messages SET state = $1, unread_days = $2, settled_at = now() - interval '2 days'",
        state,
        unread_days,
    )
    assert await Retention(real.pool).erase_contacts(closed_for=WEEK / 7) == erased


async def test_a_report_that_comes_while_the_settlement_is_written_is_not_lost(real: Real) -> None:
    """The mail server may bounce a mail while we still write that it has taken it."""
    planned = message("receipt")
    await real.plan(planned)
    (claim,) = await real.queue.claim(1)
    assert await real.queue.begin(claim)
    async with real.pool.acquire() as settling:
        written = settling.transaction()
        await written.start()
        await settling.execute(
            "UPDATE messages SET state = 'sent', settled_at = now() WHERE id = $1", planned.id
        )
        report = DeliveryReport("failed", "5.1.1")
        noting = asyncio.create_task(
            ReturnedMails(real.pool).note(planned.id, report, at=planned.occurred_at)
        )
        async with asyncio.timeout(60):
            while not noting.done() and not await real.pool.fetchval(WAITING):  # noqa: ASYNC110 - PostgreSQL tells nobody
                await asyncio.sleep(0.01)
        await written.commit()
    assert await noting
    assert await real.pool.fetchval("SELECT state || ' ' || reason FROM messages") == "failed bounced"


async def test_what_comes_at_once_shares_a_round_trip_and_each_hears_only_of_itself(real: Real) -> None:
    for number in range(6):
        await real.plan(replace(message("receipt"), case_id=UUID(int=number)))
    claims = await real.queue.claim(6)
    lost = replace(claims[2], lease=uuid4())
    assert await asyncio.gather(*map(real.queue.begin, (*claims[:2], lost, *claims[3:]))) == [
        True, True, False, True, True, True,
    ]  # fmt: skip
    told = [settled(claim, attempts=2**40 if claim is claims[4] else 1) for claim in claims]
    came = await asyncio.gather(*map(real.queue.settle, claims, told), return_exceptions=True)
    assert came[:4] == [True, True, True, True]
    assert isinstance(came[4], Exception)  # no database holds such a number, and nobody else is at fault
    assert came[5] is True
    states = await real.pool.fetch("SELECT state FROM messages ORDER BY case_id")
    assert [row["state"] for row in states] == ["sent", "sent", "sent", "sent", "sending", "sent"]
    assert await real.pool.fetchval("SELECT count(*) FROM outbox") == 5


def settled(claim: Claim, *, attempts: int) -> NotificationSettled:
    return NotificationSettled(
        message_id=claim.message.id,
        kind=claim.message.kind,
        revision=1,
        channel="email",
        outcome="sent",
        attempts=attempts,
        settled_at=claim.message.occurred_at,
    )


class TestPostgresQueue(QueueContract):
    @pytest.fixture
    async def subject(self, real: Real) -> Subject:
        return real

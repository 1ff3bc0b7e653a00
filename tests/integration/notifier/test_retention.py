"""What is left of a case long after it has closed: its id, so that whatever is read later has no effect."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import PostgresCaseStore
from services.notifier.adapters.postgres.operate import open_cases
from services.notifier.adapters.postgres.queue import PostgresQueue
from services.notifier.adapters.postgres.retention import OPEN_LONG, Retention
from services.notifier.adapters.postgres.timers import DueTimers
from services.notifier.consumer import TOPICS, Planning
from services.notifier.handler.planning import recall
from shared.events import ids
from shared.events.case import CaseDecided, CaseMessage, InformationRequested
from shared.events.envelope import Event, encode
from shared.events.erasure import EraseOrdered
from shared.events.notification import NotificationSettled
from shared.events.payload import Payload
from shared.events.submission import SubmissionHeld, SubmissionReceived, SubmissionRouted
from shared.events.topics import CASE_ERASED, CASE_MESSAGE
from shared.kafka.records import Record
from shared.postgres import pool as postgres
from shared.postgres.pool import Connection, Pool
from tests.golden.examples import EXAMPLES
from tests.support.events import CASE_ID, GIESSEN, RECEIPT, SUBMISSION_ID, event, sealed
from tests.support.law import hessian_law

LAW = hessian_law()
TABLES = ("cases", "messages", "notices", "timers", "clocks")
PERIOD = RECEIPT.model_copy(update={"service": "99050023005000"})
RECEIVED = SubmissionReceived(
    receipt=PERIOD, content=sealed(), contact=sealed("notifier-2026", purpose="contact")
)
ROUTED = SubmissionRouted(receipt=PERIOD, authority=GIESSEN)
ASKED = InformationRequested(receipt=PERIOD, authority=GIESSEN, requested_at=PERIOD.received_at, items=1)
NOTICE = CaseMessage(
    receipt=PERIOD,
    authority=GIESSEN,
    kind="information-requested",
    answer_id=UUID(int=9),
    notice=sealed("notifier-2026", purpose="notice"),
    given_at=PERIOD.received_at,
)
DECIDED = CaseDecided(
    receipt=PERIOD, authority=GIESSEN, outcome="granted", decided_at=PERIOD.received_at + timedelta(days=1)
)
OF_A_LIFE = (RECEIVED, ROUTED, ASKED, NOTICE, DECIDED)
SENT = NotificationSettled(
    message_id=ids.message_id(CASE_ID, "receipt", 1, "applicant", "email"), kind="receipt", revision=1,
    channel="email", outcome="sent", attempts=1, settled_at=PERIOD.received_at,
)  # fmt: skip
OF_CASES = [topic for topic in TOPICS if topic.key in {"case", "message"}]
LATE = [data for data in EXAMPLES.values() if any(type(data) in topic.payloads for topic in OF_CASES)]


def record(told: Event[Payload]) -> Record:
    """As the notifier reads it."""
    topic = next(topic.name for topic in TOPICS if type(told.data) in topic.payloads)
    said = encode(told, topic)
    key = str(told.id if topic == CASE_MESSAGE.name else told.case_id).encode()
    return Record(topic, 0, 0, 0, key, said.value, said.headers)


def records(*payloads: Payload) -> Sequence[Record]:
    return [
        record(replace(event(data), id=ids.child_id(CASE_ID, f"{type(data).__name__} {place}")))
        for place, data in enumerate(payloads)
    ]


async def apply(connection: Connection, *payloads: Payload) -> None:
    await Planning(LAW).apply(connection, records(*payloads))


async def live(pool: Pool, *payloads: Payload) -> None:
    """Everything happens to a case, its messages are settled, its contact goes when the case has closed."""
    async with postgres.transaction(pool) as connection:
        await apply(connection, *(payloads or OF_A_LIFE))
    await DueTimers(pool, LAW, history=StoreHistory("notifier")).strike(datetime.now(UTC), most=100)
    await pool.execute("UPDATE messages SET state = 'sent', settled_at = now() - interval '1 minute'")
    await Retention(pool).erase_contacts(closed_for=timedelta())
    await pool.execute("DELETE FROM outbox")


async def kept(pool: Pool) -> dict[str, int]:
    return {table: await pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def has_nothing_to_do(pool: Pool) -> bool:
    """No row is left of a case, no message waits, no timer strikes, nothing is said on the bus."""
    history = StoreHistory("notifier")
    claimed = await PostgresQueue(pool, lease=timedelta(minutes=5), history=history).claim(10)
    struck = await DueTimers(pool, LAW, history=history).strike(
        datetime.now(UTC) + timedelta(days=999), most=9
    )
    said = await pool.fetch("SELECT FROM outbox WHERE topic <> $1", CASE_ERASED.name)
    return not any((await kept(pool)).values()) and not claimed and not struck and not said


async def test_of_a_case_that_closed_long_ago_only_its_id_is_kept(pool: Pool) -> None:
    await live(pool)
    assert (await kept(pool))["messages"] >= 4
    assert await Retention(pool).remove_cases(closed_for=timedelta()) == 1
    assert set((await kept(pool)).values()) == {0}
    assert [row["case_id"] for row in await pool.fetch("SELECT case_id FROM removed_cases")] == [CASE_ID]


async def test_whatever_is_read_of_a_removed_case_has_no_effect(pool: Pool) -> None:
    await live(pool)
    await Retention(pool).remove_cases(closed_for=timedelta())
    effective = set()
    for late in (*LATE, *OF_A_LIFE, SENT):
        async with postgres.transaction(pool) as connection:
            await apply(connection, late)
        if not await has_nothing_to_do(pool):
            effective.add(type(late).__name__)
    assert effective == set()


async def test_a_whole_replay_sends_nothing_again_and_restarts_no_clock(pool: Pool) -> None:
    await live(pool)
    await Retention(pool).remove_cases(closed_for=timedelta())
    async with postgres.transaction(pool) as connection:
        await apply(connection, *OF_A_LIFE, SENT)
        await apply(connection, *reversed(OF_A_LIFE))
        held = SubmissionHeld(
            receipt=PERIOD, submission_id=SUBMISSION_ID, content=sealed(), contact=RECEIVED.contact
        )
        await recall([event(held)], PostgresCaseStore(connection))
    assert await has_nothing_to_do(pool)


async def test_an_order_to_erase_a_removed_case_is_answered(pool: Pool) -> None:
    await live(pool)
    await Retention(pool).remove_cases(closed_for=timedelta())
    async with postgres.transaction(pool) as connection:
        await apply(connection, EraseOrdered(basis="Art. 17 Abs. 1 DSGVO"))
    assert [row["topic"] for row in await pool.fetch("SELECT topic FROM outbox")] == [CASE_ERASED.name]
    assert await has_nothing_to_do(pool)


async def test_an_event_that_is_read_while_its_case_is_removed_waits_and_has_no_effect(pool: Pool) -> None:
    await live(pool)
    async with pool.acquire() as other:
        holding = other.transaction()
        await holding.start()
        await other.execute("SELECT FROM cases FOR UPDATE")  # as a removal that has not been committed

        async def read_late() -> None:
            async with postgres.transaction(pool) as connection:
                await apply(connection, RECEIVED, ROUTED)

        reading = asyncio.ensure_future(read_late())
        async with asyncio.timeout(60):
            while not reading.done() and not await pool.fetchval(WAITING):  # noqa: ASYNC110 - PostgreSQL tells nobody
                await asyncio.sleep(0.01)
        for table in TABLES:
            await other.execute(f"DELETE FROM {table}")
        await other.execute("INSERT INTO removed_cases (case_id) VALUES ($1)", CASE_ID)
        await holding.commit()
    await reading
    assert await has_nothing_to_do(pool)


WAITING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_a_case_that_has_been_open_for_long_is_shown_until_it_ends(pool: Pool) -> None:
    async def shown(days: int) -> list[tuple[UUID, str | None]]:
        found = await open_cases(pool, older_than=timedelta(days=days), most=9)
        return [(each.case_id, each.authority) for each in found]

    old = (datetime.now(UTC) - PERIOD.received_at).days
    async with postgres.transaction(pool) as connection:
        await apply(connection, RECEIVED, ROUTED)
    assert (await shown(old - 1), await shown(old + 2)) == ([(CASE_ID, GIESSEN)], [])
    assert await Retention(pool).still_open() == (old > OPEN_LONG.days)
    await pool.execute(
        "UPDATE clocks SET receipt = jsonb_set(receipt, '{receivedAt}', '\"2020-01-02T10:00:00Z\"')"
    )
    assert await Retention(pool).still_open() == 1
    async with postgres.transaction(pool) as connection:
        await apply(connection, DECIDED)
    assert (await shown(old - 1), await Retention(pool).still_open()) == ([], 0)


async def test_a_case_stays_as_long_as_it_is_needed(pool: Pool) -> None:
    """Open, closed later, with a contact that is kept for longer, with a message that waits."""
    async with postgres.transaction(pool) as connection:
        await apply(connection, RECEIVED)
    await pool.execute(
        "UPDATE cases SET contact_state = 'erased', contact = NULL, closed_at = now() - interval '401 days'"
    )
    await pool.execute(
        """INSERT INTO cases (id, contact_state, contact, told, handled, closed_at)
           SELECT gen_random_uuid(), state, contact, '[]', '{}', now() - days * interval '1 day'
           FROM (VALUES ('none', NULL, NULL), ('erased', NULL, 399), ('sealed', '{}', 401))
               AS cases (state, contact, days)"""
    )
    assert await Retention(pool).remove_cases() == 0
    assert (await kept(pool))["cases"] == 4


async def test_many_cases_are_removed_in_bounded_steps(pool: Pool) -> None:
    await pool.execute(
        "INSERT INTO cases (id, contact_state, told, handled, closed_at) "
        "SELECT gen_random_uuid(), 'none', '[]', '{}', now() - interval '401 days' FROM generate_series(1, 1201)"
    )
    assert await Retention(pool).remove_cases() == 1201
    assert await pool.fetchval("SELECT count(*) FROM removed_cases") == 1201


async def test_an_id_goes_when_kafka_has_no_event_of_its_case_any_more(pool: Pool) -> None:
    await pool.execute(
        "INSERT INTO removed_cases (case_id, written_on) SELECT gen_random_uuid(), current_date - days "
        "FROM unnest('{3600, 3700}'::integer[]) AS days"
    )
    await Retention(pool).remove_cases()
    assert await pool.fetchval("SELECT count(*) FROM removed_cases") == 1

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.intake.adapters.cursor import Cursors
from services.intake.adapters.postgres.histories import PostgresHistories
from services.intake.adapters.postgres.messages import MOST_BYTES, PostgresMessages
from services.intake.adapters.postgres.receipts import PostgresReceipts
from services.intake.consumer import HistoryProjection
from services.intake.domain.admission import Contradiction, Repeat, admit
from shared.events import ids
from shared.events.envelope import Undecodable
from shared.events.erasure import CaseErased, EraseOrdered
from shared.events.supplement import SupplementReceived
from shared.events.topics import CASE_ERASED, CASE_MESSAGE, CASE_ORDERED, CASE_SUBMITTED
from shared.postgres.pool import Pool, transaction
from tests.contracts.intake.receipt_store import entry
from tests.integration.intake.bus import (
    RECEIPT_OF_CONTRACT,
    accepted,
    message,
    project,
    received,
    record,
    settled,
    taken_away,
)
from tests.support.events import sealed

CURSORS = Cursors(b"secret")


async def feed_of(pool: Pool, client_id: str = "portal") -> list[UUID]:
    page = await PostgresHistories(pool, cursors=CURSORS).feed(client_id, after=None, limit=1000)
    assert page is not None
    return [line.submission_id for line in page.lines]


async def test_a_record_that_is_read_twice_is_told_once(pool: Pool) -> None:
    one = received(submission_id=uuid4(), case_id=uuid4())
    await project(pool, one, one)
    await project(pool, one)
    assert len(await feed_of(pool)) == 1


async def test_an_event_that_comes_before_its_receipt_is_told_after_it(pool: Pool) -> None:
    submission_id, case_id = uuid4(), uuid4()
    await project(pool, settled(submission_id=submission_id, case_id=case_id))
    assert await feed_of(pool) == []
    await project(pool, received(submission_id=submission_id, case_id=case_id))
    assert await feed_of(pool) == [submission_id, submission_id]


async def test_what_names_a_submission_under_another_case_is_not_told_to_its_client(pool: Pool) -> None:
    submission_id = uuid4()
    await project(pool, received(submission_id=submission_id, case_id=uuid4()))
    await project(pool, settled(submission_id=submission_id, case_id=uuid4()))
    assert await feed_of(pool) == [submission_id]


async def test_what_was_taken_by_one_that_died_before_noting_it_is_noted(pool: Pool) -> None:
    store, asked = PostgresReceipts(pool), entry()
    await store.enter(asked)
    await project(
        pool, received(submission_id=asked.submission_id, case_id=asked.case_id, receipt=asked.receipt)
    )
    assert admit(asked, found=await store.enter(asked)) == Repeat(asked)


async def test_lost_receipts_are_filled_again_from_the_events_and_repetitions_are_still_known(
    pool: Pool,
) -> None:
    asked = entry()
    await project(
        pool, received(submission_id=asked.submission_id, case_id=asked.case_id, receipt=asked.receipt)
    )
    found = await PostgresReceipts(pool).enter(asked)
    assert admit(asked, found=found) == Repeat(replace(asked, request_hash=None))


async def test_the_first_event_prevails_over_an_entry_made_anew(pool: Pool) -> None:
    asked = entry()
    later = replace(
        asked,
        receipt=asked.receipt.model_copy(
            update={"received_at": asked.receipt.received_at + timedelta(hours=2), "receipt_number": "later"}
        ),
    )
    store = PostgresReceipts(pool)
    await store.enter(later)
    await store.settle(asked.submission_id, taken=True)
    ids_of = {"submission_id": asked.submission_id, "case_id": asked.case_id}
    await project(pool, received(**ids_of, receipt=asked.receipt), received(**ids_of, receipt=later.receipt))
    await project(pool, received(**ids_of, receipt=later.receipt))
    assert admit(asked, found=await store.enter(asked)) == Repeat(asked)


async def test_another_request_under_a_key_that_was_lost_is_told_apart_by_its_content(pool: Pool) -> None:
    asked, other = entry(b"{}", key="same"), entry(b'{"a":1}', key="same")
    store = PostgresReceipts(pool)
    await store.enter(other)
    await project(
        pool, received(submission_id=asked.submission_id, case_id=asked.case_id, receipt=asked.receipt)
    )
    assert admit(other, found=await store.enter(other)) == Contradiction()


async def test_a_reference_is_found_after_a_loss_and_lies_nowhere_in_clear(pool: Pool) -> None:
    asked = entry()
    reference = asked.receipt.client_reference_hash
    assert reference is not None
    await project(
        pool, received(submission_id=asked.submission_id, case_id=asked.case_id, receipt=asked.receipt)
    )
    [known] = await PostgresHistories(pool, cursors=CURSORS).by_reference(reference, client_id="portal")
    assert known.client_reference is None
    assert "antrag-1" not in repr(await pool.fetch("SELECT * FROM receipts"))


async def test_an_erased_case_keeps_nothing_that_a_person_wrote_whatever_comes_later(pool: Pool) -> None:
    submission_id, case_id = uuid4(), uuid4()
    one = received(submission_id=submission_id, case_id=case_id)
    later = accepted(submission_id=submission_id, case_id=case_id)
    order = record(CASE_ORDERED, EraseOrdered(basis="Art. 17"), submission_id=submission_id, case_id=case_id)
    await project(pool, one, later)
    assert str(RECEIPT_OF_CONTRACT.client_reference_hash) in await everything(pool)
    await project(pool, order)
    await project(pool, order, later, one)
    await pool.execute(
        "DELETE FROM receipts; DELETE FROM receipt_ids"
    )  # lost, and filled again from the events
    await project(pool, one)
    left = await everything(pool)
    for told in (RECEIPT_OF_CONTRACT.client_reference_hash, RECEIPT_OF_CONTRACT.content_hash):
        assert told is not None
        assert told not in left
    reports = await pool.fetch("SELECT topic, value FROM outbox")
    assert {row["topic"] for row in reports} == {CASE_ERASED.name}
    report = CaseErased.from_json(reports[0]["value"])
    remaining = [copy.what for copy in report.remaining]
    assert (report.holder, remaining) == ("intake", ["submission.received.v1", "case.submitted.v1"])


async def test_a_supplement_has_a_receipt_of_its_own_and_the_case_is_that_of_the_submission(
    pool: Pool,
) -> None:
    submission_id, case_id, own_id = uuid4(), uuid4(), uuid4()
    receipt = RECEIPT_OF_CONTRACT.model_copy(update={"receipt_number": "AW-2026-0000-0000-SUPP"})
    data = SupplementReceived(receipt=receipt, content=sealed())
    await project(
        pool,
        record(CASE_SUBMITTED, data, submission_id=own_id, case_id=case_id),
        received(submission_id=submission_id, case_id=case_id),
    )
    histories = PostgresHistories(pool, cursors=CURSORS)
    case = await histories.case(case_id, client_id="portal")
    later = await histories.by_number("AW-2026-0000-0000-SUPP", client_id="portal")
    assert case is not None
    assert later is not None
    assert (case.submission_id, later.submission_id) == (submission_id, own_id)
    assert {line.code for line in case.lines} == {"received", "supplement-received"}
    assert sorted(await feed_of(pool)) == sorted([submission_id, own_id])


async def unread(pool: Pool, case_id: UUID) -> list[UUID]:
    page = await PostgresMessages(pool, cursors=CURSORS).page(
        case_id, client_id="portal", after=None, limit=50
    )
    assert page is not None
    return [each.message_id for each in page.messages]


async def tombstones(pool: Pool) -> set[UUID]:
    rows = await pool.fetch("SELECT key FROM outbox WHERE topic = $1 AND value IS NULL", CASE_MESSAGE.name)
    return {UUID(row["key"].decode()) for row in rows}


async def test_a_message_is_there_until_it_is_taken_away_however_often_it_is_read(pool: Pool) -> None:
    submission_id, case_id, first, second = uuid4(), uuid4(), uuid4(), uuid4()
    sent = [
        message(submission_id=submission_id, case_id=case_id, message_id=each) for each in (first, second)
    ]
    await project(pool, sent[0], sent[0], sent[1])
    assert await unread(pool, case_id) == [first, second]
    await PostgresMessages(pool, cursors=CURSORS).confirm(first, case_id=case_id, client_id="portal")
    assert await unread(pool, case_id) == [second]
    assert await tombstones(pool) == {first}
    await project(pool, sent[0], taken_away(first))  # the whole topic is read again
    await project(pool, taken_away(uuid4()))
    assert await unread(pool, case_id) == [second]


async def test_messages_of_an_erased_case_are_taken_away_also_those_that_come_later(pool: Pool) -> None:
    submission_id, case_id, early, late = uuid4(), uuid4(), uuid4(), uuid4()
    order = record(CASE_ORDERED, EraseOrdered(basis="Art. 17"), submission_id=submission_id, case_id=case_id)
    await project(pool, message(submission_id=submission_id, case_id=case_id, message_id=early), order)
    assert await unread(pool, case_id) == []
    await project(pool, message(submission_id=submission_id, case_id=case_id, message_id=late))
    assert await unread(pool, case_id) == []
    assert await tombstones(pool) == {early, late}
    other = uuid4()
    await project(pool, message(submission_id=uuid4(), case_id=other, message_id=uuid4()))
    assert len(await unread(pool, other)) == 1


async def test_a_page_ends_where_its_messages_are_large(pool: Pool) -> None:
    case_id = uuid4()
    await project(
        pool,
        *(message(submission_id=uuid4(), case_id=case_id, message_id=uuid4()) for _ in range(5)),
    )
    await pool.execute("UPDATE messages SET content = repeat('x', $1)", MOST_BYTES // 2)
    store = PostgresMessages(pool, cursors=CURSORS)
    read, after, sizes = 0, None, []
    while True:
        page = await store.page(case_id, client_id="portal", after=after, limit=50)
        assert page is not None
        sizes.append(len(page.messages))
        read, after = read + len(page.messages), page.next
        if not page.more:
            break
    assert (read, sizes) == (5, [2, 2, 1])


async def everything(pool: Pool) -> str:
    """All that is kept of receipts and histories."""
    return str(
        [
            tuple(row)
            for table in ("receipts", "history")
            for row in await pool.fetch(f"SELECT * FROM {table}")
        ]
    )


async def test_a_record_that_is_no_event_fails_the_batch_and_nothing_is_kept(pool: Pool) -> None:
    good = received(submission_id=uuid4(), case_id=uuid4())
    with pytest.raises(Undecodable):
        await project(pool, good, replace(good, value=b"{"))
    assert await feed_of(pool) == []


async def test_no_reader_ever_sees_a_position_before_a_smaller_one(pool: Pool) -> None:
    """Many transactions that begin and end in any order, and a reader that follows the feed meanwhile."""
    read: list[UUID] = []
    done = asyncio.Event()

    async def write(n: int) -> list[UUID]:
        written = []
        for turn in range(10):
            submission_id = ids.submission_id("portal", f"{n}/{turn}")
            async with transaction(pool) as connection:
                await asyncio.sleep(0.001 * ((n * turn) % 5))
                one = received(submission_id=submission_id, case_id=ids.case_id(submission_id))
                await HistoryProjection().apply(connection, [one])
                await asyncio.sleep(0.001 * ((n + turn) % 5))
            written.append(submission_id)
        return written

    async def follow() -> None:
        histories, after, last_round = PostgresHistories(pool, cursors=CURSORS), None, False
        while not last_round:
            last_round = done.is_set()
            more = True
            while more:
                page = await histories.feed("portal", after=after, limit=7)
                assert page is not None
                read.extend(line.submission_id for line in page.lines)
                after, more = page.next, page.more

    following = asyncio.ensure_future(follow())
    written = await asyncio.gather(*(write(n) for n in range(8)))
    done.set()
    await following
    assert sorted(read) == sorted(each for of_one in written for each in of_one)


async def test_after_the_loss_of_the_schema_an_old_cursor_is_not_taken(pool: Pool) -> None:
    histories = PostgresHistories(pool, cursors=CURSORS)
    before = await histories.feed("portal", after=None, limit=1)
    assert before is not None
    await pool.execute("UPDATE feed SET epoch = 'new'")
    assert await histories.feed("portal", after=before.next, limit=1) is None


async def test_nothing_of_the_sealed_parts_is_stored(pool: Pool) -> None:
    await project(pool, received(submission_id=uuid4(), case_id=uuid4(), receipt=RECEIPT_OF_CONTRACT))
    rows = [*await pool.fetch("SELECT * FROM receipts"), *await pool.fetch("SELECT * FROM history")]
    assert rows
    assert "EEEE" not in repr(rows)


async def test_a_cursor_beyond_the_end_is_not_taken_for_it_would_skip(pool: Pool) -> None:
    epoch = await pool.fetchval("SELECT epoch FROM feed")
    beyond = CURSORS.write(999, client_id="portal", epoch=epoch)
    assert await PostgresHistories(pool, cursors=CURSORS).feed("portal", after=beyond, limit=1) is None

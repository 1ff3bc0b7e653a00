"""What every book of receipts does, the fake and the real one."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.intake.domain.admission import EntryStanding, ReceiptEntry, enter
from services.intake.domain.submission import Contact, HandedIn, Submission
from services.intake.ports import Book

NOW = datetime(2026, 1, 12, 9, 30, 0, 123000, tzinfo=UTC)


def entry(body: bytes = b"{}", *, key: str | None = None) -> ReceiptEntry:
    submission = Submission(
        service="99050012104000",
        client_reference="antrag-1",
        contact=Contact(mailbox="p-17", email="erika@example.org"),
    )
    handed_in = HandedIn(submission, content=body)
    return enter("portal", key or str(uuid4()), handed_in, body=body, secret=b"s", now=NOW)


class BookContract:
    """``book``: an empty one. ``after_the_hold``: waits until a hold has ended by itself."""

    @pytest.fixture
    def book(self) -> Book:
        raise NotImplementedError

    async def after_the_hold(self) -> None:
        raise NotImplementedError

    async def test_what_is_new_is_entered_and_held(self, book: Book) -> None:
        asked = entry()
        assert await book.enter(asked) is None
        assert await book.enter(asked) == EntryStanding(entry=asked, taken=False, running=True)

    async def test_the_first_entry_stays_whatever_comes_later(self, book: Book) -> None:
        first, second = entry(b"{}", key="same"), entry(b'{"a":1}', key="same")
        await book.enter(first)
        found = await book.enter(second)
        assert found is not None
        assert found.entry == first

    async def test_of_many_at_once_exactly_one_enters(self, book: Book) -> None:
        asked = entry()
        found = await asyncio.gather(*(book.enter(asked) for _ in range(20)))
        assert found.count(None) == 1

    async def test_what_was_taken_is_never_claimed_again(self, book: Book) -> None:
        asked = entry()
        await book.enter(asked)
        await book.settle(asked.submission_id, taken=True)
        assert await book.enter(asked) == EntryStanding(entry=asked, taken=True, running=False)
        assert not await book.claim(asked.submission_id)

    async def test_a_failed_attempt_frees_its_entry_for_one_other(self, book: Book) -> None:
        asked = entry()
        await book.enter(asked)
        assert not await book.claim(asked.submission_id)
        await book.settle(asked.submission_id, taken=False)
        claims = await asyncio.gather(*(book.claim(asked.submission_id) for _ in range(10)))
        assert claims.count(True) == 1

    async def test_the_hold_of_one_that_died_ends_by_itself(self, book: Book) -> None:
        asked = entry()
        await book.enter(asked)
        await self.after_the_hold()
        found = await book.enter(asked)
        assert found == EntryStanding(entry=asked, taken=False, running=False)
        assert await book.claim(asked.submission_id)

    async def test_a_late_failure_does_not_undo_what_was_taken(self, book: Book) -> None:
        asked = entry()
        await book.enter(asked)
        await book.settle(asked.submission_id, taken=True)
        await book.settle(asked.submission_id, taken=False)
        found = await book.enter(asked)
        assert found is not None
        assert found.taken

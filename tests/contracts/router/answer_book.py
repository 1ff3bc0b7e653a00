"""What every book of answers does, the fake and the real one."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from services.router.domain.cases.answering import AnswerEntry, AnswerFound, AnswerRequest, enter
from services.router.ports import AnswerBook
from shared.events.case import AnswerGiven
from tests.support.events import CASE_ID, GIESSEN, RECEIVED_AT, SUBMISSION_ID

NOW = datetime(2026, 1, 12, 9, 30, 0, 123000, tzinfo=UTC)
ACCEPTED = AnswerGiven(kind="accepted", given_at=RECEIVED_AT)


def entry(
    own_id: str | None = None,
    *,
    authority: str = GIESSEN,
    case: UUID = CASE_ID,
    answer: AnswerGiven = ACCEPTED,
) -> AnswerEntry:
    given = AnswerRequest(authority=authority, own_id=own_id or uuid4().hex, case_id=case, answer=answer)
    return enter(given, submission_id=SUBMISSION_ID, secret=b"s", now=NOW)


class AnswerBookContract:
    """``book``: an empty one. ``after_the_hold``: waits until a hold has ended by itself."""

    @pytest.fixture
    def book(self) -> AnswerBook:
        raise NotImplementedError

    async def after_the_hold(self) -> None:
        raise NotImplementedError

    async def test_what_is_new_is_entered_and_held(self, book: AnswerBook) -> None:
        asked = entry()
        assert await book.find(asked.authority, asked.own_id) is None
        assert await book.enter(asked) is None
        expected = AnswerFound(entry=asked, taken=False, running=True)
        assert await book.enter(asked) == expected
        assert await book.find(asked.authority, asked.own_id) == expected

    async def test_two_authorities_with_the_same_own_id_do_not_meet(self, book: AnswerBook) -> None:
        assert await book.enter(entry("0117/1")) is None
        assert await book.enter(entry("0117/1", authority="g-06534014")) is None

    async def test_the_first_entry_stays_whatever_comes_later(self, book: AnswerBook) -> None:
        first, second = entry("same"), entry("same", case=uuid4())
        await book.enter(first)
        found = await book.enter(second)
        assert found is not None
        assert found.entry == first

    async def test_of_many_at_once_exactly_one_enters(self, book: AnswerBook) -> None:
        asked = entry()
        found = await asyncio.gather(*(book.enter(asked) for _ in range(20)))
        assert found.count(None) == 1

    async def test_what_was_taken_is_never_claimed_again(self, book: AnswerBook) -> None:
        asked = entry()
        await book.enter(asked)
        await book.settle(asked, taken=True)
        assert await book.enter(asked) == AnswerFound(entry=asked, taken=True, running=False)
        assert not await book.claim(asked)

    async def test_a_failed_attempt_frees_its_entry_for_one_other(self, book: AnswerBook) -> None:
        asked = entry()
        await book.enter(asked)
        assert not await book.claim(asked)
        await book.settle(asked, taken=False)
        claims = await asyncio.gather(*(book.claim(asked) for _ in range(10)))
        assert claims.count(True) == 1

    async def test_the_hold_of_one_that_died_ends_by_itself(self, book: AnswerBook) -> None:
        asked = entry()
        await book.enter(asked)
        await self.after_the_hold()
        assert await book.enter(asked) == AnswerFound(entry=asked, taken=False, running=False)
        assert await book.claim(asked)

    async def test_a_late_failure_does_not_undo_what_was_taken(self, book: AnswerBook) -> None:
        asked = entry()
        await book.enter(asked)
        await book.settle(asked, taken=True)
        await book.settle(asked, taken=False)
        found = await book.find(asked.authority, asked.own_id)
        assert found is not None
        assert found.taken

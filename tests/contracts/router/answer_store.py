"""What every store of answers does, the fake and the real one."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from services.router.domain.cases.answering import AnswerEntry, AnswerFound, AnswerRequest, enter
from services.router.ports import AnswerStore
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


class AnswerStoreContract:
    """``store``: an empty one. ``after_the_hold``: waits until a hold has ended by itself."""

    @pytest.fixture
    def store(self) -> AnswerStore:
        raise NotImplementedError

    async def after_the_hold(self) -> None:
        raise NotImplementedError

    async def test_a_new_entry_is_entered_and_held(self, store: AnswerStore) -> None:
        asked = entry()
        assert await store.find(asked.authority, asked.own_id) is None
        assert await store.enter(asked) is None
        expected = AnswerFound(entry=asked, taken=False, running=True)
        assert await store.enter(asked) == expected
        assert await store.find(asked.authority, asked.own_id) == expected

    async def test_two_authorities_with_the_same_own_id_do_not_meet(self, store: AnswerStore) -> None:
        assert await store.enter(entry("0117/1")) is None
        assert await store.enter(entry("0117/1", authority="g-06534014")) is None

    async def test_the_first_entry_of_a_key_stays(self, store: AnswerStore) -> None:
        first, second = entry("same"), entry("same", case=uuid4())
        await store.enter(first)
        found = await store.enter(second)
        assert found is not None
        assert found.entry == first

    async def test_of_many_at_once_exactly_one_enters(self, store: AnswerStore) -> None:
        asked = entry()
        found = await asyncio.gather(*(store.enter(asked) for _ in range(20)))
        assert found.count(None) == 1

    async def test_a_taken_entry_is_never_claimed_again(self, store: AnswerStore) -> None:
        asked = entry()
        await store.enter(asked)
        await store.settle(asked, taken=True)
        assert await store.enter(asked) == AnswerFound(entry=asked, taken=True, running=False)
        assert not await store.claim(asked)

    async def test_a_failed_attempt_frees_its_entry_for_one_other(self, store: AnswerStore) -> None:
        asked = entry()
        await store.enter(asked)
        assert not await store.claim(asked)
        await store.settle(asked, taken=False)
        claims = await asyncio.gather(*(store.claim(asked) for _ in range(10)))
        assert claims.count(True) == 1

    async def test_the_hold_of_one_that_died_ends_by_itself(self, store: AnswerStore) -> None:
        asked = entry()
        await store.enter(asked)
        await self.after_the_hold()
        assert await store.enter(asked) == AnswerFound(entry=asked, taken=False, running=False)
        assert await store.claim(asked)

    async def test_a_late_failure_does_not_undo_a_taken_entry(self, store: AnswerStore) -> None:
        asked = entry()
        await store.enter(asked)
        await store.settle(asked, taken=True)
        await store.settle(asked, taken=False)
        found = await store.find(asked.authority, asked.own_id)
        assert found is not None
        assert found.taken

    async def test_a_withdrawn_key_is_free_again(self, store: AnswerStore) -> None:
        asked = entry()
        await store.enter(asked)
        await store.withdraw(asked)
        assert await store.find(asked.authority, asked.own_id) is None
        assert await store.enter(asked) is None

    async def test_a_taken_entry_is_never_withdrawn(self, store: AnswerStore) -> None:
        asked = entry()
        await store.enter(asked)
        await store.settle(asked, taken=True)
        await store.withdraw(asked)
        assert await store.find(asked.authority, asked.own_id) is not None

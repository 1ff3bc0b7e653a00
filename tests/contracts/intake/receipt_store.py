"""What every store of receipts does, the fake and the real one."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.intake.domain.admission import EntryStanding, ReceiptEntry, enter
from services.intake.domain.submission import Contact, HandedIn, Submission
from services.intake.ports import ReceiptStore

NOW = datetime(2026, 1, 12, 9, 30, 0, 123000, tzinfo=UTC)


def entry(body: bytes = b"{}", *, key: str | None = None) -> ReceiptEntry:
    submission = Submission(
        service="99050012104000",
        client_reference="antrag-1",
        contact=Contact(mailbox="p-17", email="erika@example.org"),
    )
    handed_in = HandedIn(submission, content=body)
    return enter("portal", key or str(uuid4()), handed_in, body=body, secret=b"s", now=NOW)


class ReceiptStoreContract:
    """``store``: an empty one. ``after_the_hold``: waits until a hold has ended by itself."""

    @pytest.fixture
    def store(self) -> ReceiptStore:
        raise NotImplementedError

    async def after_the_hold(self) -> None:
        raise NotImplementedError

    async def test_a_new_entry_is_entered_and_held(self, store: ReceiptStore) -> None:
        asked = entry()
        assert await store.enter(asked) is None
        assert await store.enter(asked) == EntryStanding(entry=asked, taken=False, running=True)

    async def test_the_first_entry_of_a_key_stays(self, store: ReceiptStore) -> None:
        first, second = entry(b"{}", key="same"), entry(b'{"a":1}', key="same")
        await store.enter(first)
        found = await store.enter(second)
        assert found is not None
        assert found.entry == first

    async def test_of_many_at_once_exactly_one_enters(self, store: ReceiptStore) -> None:
        asked = entry()
        found = await asyncio.gather(*(store.enter(asked) for _ in range(20)))
        assert found.count(None) == 1

    async def test_a_taken_entry_is_never_claimed_again(self, store: ReceiptStore) -> None:
        asked = entry()
        await store.enter(asked)
        await store.settle(asked.submission_id, taken=True)
        assert await store.enter(asked) == EntryStanding(entry=asked, taken=True, running=False)
        assert not await store.claim(asked.submission_id)

    async def test_a_failed_attempt_frees_its_entry_for_one_other(self, store: ReceiptStore) -> None:
        asked = entry()
        await store.enter(asked)
        assert not await store.claim(asked.submission_id)
        await store.settle(asked.submission_id, taken=False)
        claims = await asyncio.gather(*(store.claim(asked.submission_id) for _ in range(10)))
        assert claims.count(True) == 1

    async def test_the_hold_of_one_that_died_ends_by_itself(self, store: ReceiptStore) -> None:
        asked = entry()
        await store.enter(asked)
        await self.after_the_hold()
        found = await store.enter(asked)
        assert found == EntryStanding(entry=asked, taken=False, running=False)
        assert await store.claim(asked.submission_id)

    async def test_a_late_failure_does_not_undo_a_taken_entry(self, store: ReceiptStore) -> None:
        asked = entry()
        await store.enter(asked)
        await store.settle(asked.submission_id, taken=True)
        await store.settle(asked.submission_id, taken=False)
        found = await store.enter(asked)
        assert found is not None
        assert found.taken

    async def test_a_withdrawn_key_is_free_again(self, store: ReceiptStore) -> None:
        first, other = entry(b"{}", key="same"), entry(b'{"a":1}', key="same")
        await store.enter(first)
        await store.withdraw(first.submission_id)
        assert await store.enter(other) is None
        assert await store.enter(other) == EntryStanding(entry=other, taken=False, running=True)

    async def test_a_taken_entry_is_never_withdrawn(self, store: ReceiptStore) -> None:
        asked = entry()
        await store.enter(asked)
        await store.settle(asked.submission_id, taken=True)
        await store.withdraw(asked.submission_id)
        assert await store.enter(asked) == EntryStanding(entry=asked, taken=True, running=False)

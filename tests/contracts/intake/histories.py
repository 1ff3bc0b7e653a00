"""What every history does, the fake and the real one."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest

from services.intake.domain.admission import ReceiptEntry
from services.intake.ports import Histories, ReceiptStore
from shared.case_history.lines import HistoryLine
from tests.contracts.intake.receipt_store import NOW, entry


@dataclass(frozen=True)
class Told:
    """An empty history over a store, which a test can add to."""

    store: ReceiptStore
    histories: Histories

    @abstractmethod
    async def tell(self, *lines: HistoryLine) -> None:
        """Add lines, in this order."""

    async def taken(self) -> ReceiptEntry:
        """A new submission that was taken."""
        asked = entry()
        await self.store.enter(asked)
        await self.store.settle(asked.submission_id, taken=True)
        return asked


def line(of: ReceiptEntry, code: str, *, minutes: int = 0) -> HistoryLine:
    return HistoryLine(
        event_id=uuid4(),
        case_id=of.case_id,
        submission_id=of.submission_id,
        at=NOW + timedelta(minutes=minutes),
        code=code,
        authority=None if code == "received" else "g-06531005",
    )


class HistoriesContract:
    @pytest.fixture
    def told(self) -> Told:
        raise NotImplementedError

    async def test_a_submission_is_known_as_soon_as_it_is_taken(self, told: Told) -> None:
        asked = await told.taken()
        known = await told.histories.submission(asked.submission_id, client_id="portal")
        assert known is not None
        assert known.receipt == asked.receipt
        assert [each.code for each in known.lines] == ["received"]

    async def test_a_submission_that_was_not_taken_is_not_known(self, told: Told) -> None:
        asked = entry()
        await told.store.enter(asked)
        assert await told.histories.submission(asked.submission_id, client_id="portal") is None

    async def test_a_submission_of_another_client_is_unknown(self, told: Told) -> None:
        asked = await told.taken()
        await told.tell(line(asked, "received"))
        assert await told.histories.submission(asked.submission_id, client_id="other") is None
        assert await told.histories.case(asked.case_id, client_id="other") is None
        page = await told.histories.feed("other", after=None, limit=10)
        assert page is not None
        assert list(page.lines) == []

    async def test_a_submission_is_found_by_number_and_reference_of_its_client_only(self, told: Told) -> None:
        first, second = await told.taken(), await told.taken()
        number, reference = first.receipt.receipt_number, first.receipt.client_reference_hash
        assert reference is not None
        by_number = await told.histories.by_number(number, client_id="portal")
        assert by_number is not None
        assert by_number.submission_id == first.submission_id
        assert by_number.client_reference == "antrag-1"
        found = await told.histories.by_reference(reference, client_id="portal")
        assert {known.submission_id for known in found} == {first.submission_id, second.submission_id}
        assert await told.histories.by_number(number, client_id="other") is None
        assert not await told.histories.by_reference(reference, client_id="other")

    async def test_a_case_is_told_in_the_order_in_which_it_happened(self, told: Told) -> None:
        asked = await told.taken()
        lines = [line(asked, code, minutes=n) for n, code in enumerate(["received", "routed", "accepted"])]
        await told.tell(lines[0], lines[2], lines[1])
        known = await told.histories.case(asked.case_id, client_id="portal")
        assert known is not None
        assert list(known.lines) == lines

    async def test_the_feed_is_read_in_pages_and_each_line_once(self, told: Told) -> None:
        one, other = await told.taken(), await told.taken()
        lines = [line(one if n % 2 else other, "received", minutes=n) for n in range(5)]
        await told.tell(*lines)
        seen: list[HistoryLine] = []
        after, more = None, True
        while more:
            page = await told.histories.feed("portal", after=after, limit=2)
            assert page is not None
            seen += page.lines
            after, more = page.next, page.more
        assert seen == lines

    async def test_a_cursor_at_the_end_finds_what_comes_later(self, told: Told) -> None:
        asked = await told.taken()
        end = await told.histories.feed("portal", after=None, limit=10)
        assert end is not None
        later = line(asked, "received")
        await told.tell(later)
        page = await told.histories.feed("portal", after=end.next, limit=10)
        assert page is not None
        assert list(page.lines) == [later]

    async def test_an_empty_cursor_begins_at_the_beginning(self, told: Told) -> None:
        await told.tell(line(await told.taken(), "received"))
        beginning = await told.histories.feed("portal", after="", limit=10)
        assert beginning == await told.histories.feed("portal", after=None, limit=10)

    @pytest.mark.parametrize("cursor", ["1", "other-1", "x-", "-1", "a-b-1"])
    async def test_a_cursor_that_is_not_of_this_feed_is_not_taken(self, told: Told, cursor: str) -> None:
        assert await told.histories.feed("portal", after=cursor, limit=10) is None

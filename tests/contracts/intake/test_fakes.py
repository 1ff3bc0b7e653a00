"""The fakes keep the contracts that the real parts keep in tests/integration/intake."""

import pytest

from services.intake.domain.history import Line
from tests.contracts.intake.assertion_ids import AssertionIdsContract
from tests.contracts.intake.book import BookContract
from tests.contracts.intake.fakes import HOLD, FakeAssertionIds, FakeBook, FakeClock, FakeHistories
from tests.contracts.intake.histories import HistoriesContract, Told


class TestFakeBook(BookContract):
    @pytest.fixture
    def book(self) -> FakeBook:
        self.clock = FakeClock()
        return FakeBook(self.clock)

    async def after_the_hold(self) -> None:
        self.clock.advance(seconds=HOLD.total_seconds())


class TestFakeAssertionIds(AssertionIdsContract):
    @pytest.fixture
    def assertion_ids(self) -> FakeAssertionIds:
        return FakeAssertionIds()


class FakeTold(Told):
    async def tell(self, *lines: Line) -> None:
        assert isinstance(self.histories, FakeHistories)
        self.histories.lines.extend(lines)


class TestFakeHistories(HistoriesContract):
    @pytest.fixture
    def told(self) -> Told:
        book = FakeBook(FakeClock())
        return FakeTold(book, FakeHistories(book))

"""The fakes keep the contracts that the real parts keep in tests/integration/intake."""

from uuid import UUID

import pytest

from services.intake.ports import AuthorityMessage
from shared.case_history.lines import HistoryLine
from tests.contracts.intake.assertion_ids import AssertionIdsContract
from tests.contracts.intake.fakes import (
    HOLD,
    FakeAssertionIds,
    FakeClock,
    FakeHistories,
    FakeMessages,
    FakeReceiptStore,
)
from tests.contracts.intake.histories import HistoriesContract, Told
from tests.contracts.intake.messages import Delivered, MessagesContract
from tests.contracts.intake.receipt_store import ReceiptStoreContract


class TestFakeReceiptStore(ReceiptStoreContract):
    @pytest.fixture
    def store(self) -> FakeReceiptStore:
        self.clock = FakeClock()
        return FakeReceiptStore(self.clock)

    async def after_the_hold(self) -> None:
        self.clock.advance(seconds=HOLD.total_seconds())


class TestFakeAssertionIds(AssertionIdsContract):
    @pytest.fixture
    def assertion_ids(self) -> FakeAssertionIds:
        return FakeAssertionIds()


class FakeTold(Told):
    async def tell(self, *lines: HistoryLine) -> None:
        assert isinstance(self.histories, FakeHistories)
        self.histories.lines.extend(lines)


class TestFakeHistories(HistoriesContract):
    @pytest.fixture
    def told(self) -> Told:
        store = FakeReceiptStore(FakeClock())
        return FakeTold(store, FakeHistories(store))


class FakeDelivered(Delivered):
    async def deliver(self, message: AuthorityMessage, *, case: UUID, client: str) -> None:
        assert isinstance(self.messages, FakeMessages)
        self.messages.kept.append((case, client, message))


class TestFakeMessages(MessagesContract):
    @pytest.fixture
    def delivered(self) -> Delivered:
        return FakeDelivered(FakeMessages())

"""The fakes keep the contracts that the real parts keep in tests/integration/router."""

import pytest

from tests.contracts.router.answer_store import AnswerStoreContract
from tests.contracts.router.desk_cases import DeskCasesContract, Put
from tests.contracts.router.fakes import FakeAnswerStore, FakeDeskCases


class TestFakeDeskCases(DeskCasesContract):
    @pytest.fixture
    def cases(self) -> FakeDeskCases:
        return FakeDeskCases()

    @pytest.fixture
    def put(self, cases: FakeDeskCases) -> Put:
        return cases.put


class TestFakeAnswerStore(AnswerStoreContract):
    @pytest.fixture
    def store(self) -> FakeAnswerStore:
        self.fake = FakeAnswerStore()
        return self.fake

    async def after_the_hold(self) -> None:
        self.fake.end_holds()

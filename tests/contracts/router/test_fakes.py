"""The fakes keep the contracts that the real parts keep in tests/integration/router."""

import pytest

from tests.contracts.router.answer_book import AnswerBookContract
from tests.contracts.router.desk_cases import DeskCasesContract, Put
from tests.contracts.router.fakes import FakeAnswerBook, FakeDeskCases


class TestFakeDeskCases(DeskCasesContract):
    @pytest.fixture
    def cases(self) -> FakeDeskCases:
        return FakeDeskCases()

    @pytest.fixture
    def put(self, cases: FakeDeskCases) -> Put:
        return cases.put


class TestFakeAnswerBook(AnswerBookContract):
    @pytest.fixture
    def book(self) -> FakeAnswerBook:
        self.fake = FakeAnswerBook()
        return self.fake

    async def after_the_hold(self) -> None:
        self.fake.end_holds()

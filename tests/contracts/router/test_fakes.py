"""The fakes keep the contracts that the real parts keep in tests/integration/router."""

import pytest

from tests.contracts.router.desk_cases import DeskCasesContract, Put
from tests.contracts.router.fakes import FakeDeskCases


class TestFakeDeskCases(DeskCasesContract):
    @pytest.fixture
    def cases(self) -> FakeDeskCases:
        return FakeDeskCases()

    @pytest.fixture
    def put(self, cases: FakeDeskCases) -> Put:
        return cases.put

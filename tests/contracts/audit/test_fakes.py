"""The fakes keep the contracts that the real parts keep in tests/integration/audit."""

from collections.abc import Sequence

import pytest

from services.audit.domain.witnessing import Reply
from tests.contracts.audit.committed import CommittedContract, Store
from tests.contracts.audit.witnesses import Asked, WitnessContract
from tests.support.audit import LOG_KEY, MemoryLog, entry
from tests.support.fake_witness import FakeWitness


class MemoryStore(Store):
    def __init__(self) -> None:
        self._memory = self.log = self.publications = MemoryLog()

    async def append(self, count: int) -> None:
        before = len(self._memory.leaves)
        self._memory.extend([entry(number) for number in range(before, before + count)])

    async def announced(self) -> Sequence[int]:
        return [checkpoint.size for checkpoint, _ in self._memory.announced]


class TestMemoryLog(CommittedContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class AskedFake(Asked):
    def __init__(self) -> None:
        self._witness = FakeWitness(LOG_KEY.verifier)
        self.verifier = self._witness.verifier

    async def ask(self, path: str, body: bytes | None) -> Reply:
        return await self._witness.ask(f"http://witness.test/{path}", body)


class TestFakeWitness(WitnessContract):
    @pytest.fixture
    def witness(self) -> Asked:
        return AskedFake()

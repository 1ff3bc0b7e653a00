"""The fake keeps the contract that PostgreSQL keeps in tests/integration/notifier."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.domain.case import ContactState
from services.notifier.domain.message import ApplicantMessage
from shared.events.payload import Sealed
from tests.contracts.notifier.queue import CONTACT, LEASE, QueueContract, Subject
from tests.support.fake_queue import FakeQueue


@dataclass
class Fake:
    queue: FakeQueue

    async def plan(self, planned: ApplicantMessage, contact: ContactState = CONTACT) -> None:
        self.queue.plan(planned, contact)

    async def note(self, planned: ApplicantMessage, notice: Sealed) -> None:
        self.queue.rows[planned.id].notice = notice

    async def pass_time(self, seconds: float) -> None:
        self.queue.now += timedelta(seconds=seconds)

    async def emitted(self) -> int:
        return len(self.queue.emitted)


class TestFakeQueue(QueueContract):
    @pytest.fixture
    def subject(self) -> Subject:
        return Fake(FakeQueue(datetime.now(UTC), lease=LEASE))

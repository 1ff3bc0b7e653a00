"""The real parts keep the contracts that the fakes keep."""

import asyncio
from datetime import timedelta

import pytest

from services.intake.adapters.cursor import Cursors
from services.intake.adapters.postgres.assertion_ids import PostgresAssertionIds
from services.intake.adapters.postgres.book import PostgresBook
from services.intake.adapters.postgres.histories import PostgresHistories
from services.intake.domain.history import Line
from services.intake.ports import AssertionIds, Book
from shared.postgres.pool import Pool
from tests.contracts.intake.assertion_ids import AssertionIdsContract
from tests.contracts.intake.book import BookContract
from tests.contracts.intake.histories import HistoriesContract, Told
from tests.integration.intake.bus import project, record_of

CURSORS = Cursors(b"secret")
HOLD = timedelta(seconds=1)


class TestPostgresBook(BookContract):
    @pytest.fixture
    def book(self, pool: Pool) -> Book:
        return PostgresBook(pool, hold=HOLD)

    async def after_the_hold(self) -> None:
        await asyncio.sleep(HOLD.total_seconds() + 0.05)


class TestPostgresAssertionIds(AssertionIdsContract):
    @pytest.fixture
    def assertion_ids(self, pool: Pool) -> AssertionIds:
        return PostgresAssertionIds(pool)


class ProjectedTold(Told):
    """Tells through the projection, one transaction per line, as the bus would."""

    pool: Pool

    async def tell(self, *lines: Line) -> None:
        assert isinstance(self.book, PostgresBook)
        for line in lines:
            await project(self.book._pool, record_of(line))


class TestPostgresHistories(HistoriesContract):
    @pytest.fixture
    def told(self, pool: Pool) -> Told:
        return ProjectedTold(PostgresBook(pool), PostgresHistories(pool, cursors=CURSORS))

"""The real parts keep the contracts that the fakes keep."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.intake.adapters.cursor import Cursors
from services.intake.adapters.postgres.assertion_ids import PostgresAssertionIds
from services.intake.adapters.postgres.histories import PostgresHistories
from services.intake.adapters.postgres.messages import PostgresMessages
from services.intake.adapters.postgres.receipts import PostgresReceipts
from services.intake.ports import AssertionIds, AuthorityMessage, ReceiptStore
from shared.case_history.lines import HistoryLine
from shared.postgres.pool import Pool
from tests.contracts.intake.assertion_ids import AssertionIdsContract
from tests.contracts.intake.histories import HistoriesContract, Told
from tests.contracts.intake.messages import Delivered, MessagesContract
from tests.contracts.intake.receipt_store import ReceiptStoreContract
from tests.integration.intake.bus import project, record_of

CURSORS = Cursors(b"secret")
HOLD = timedelta(seconds=1)


class TestPostgresReceipts(ReceiptStoreContract):
    @pytest.fixture
    def store(self, pool: Pool) -> ReceiptStore:
        return PostgresReceipts(pool, hold=HOLD)

    async def after_the_hold(self) -> None:
        await asyncio.sleep(HOLD.total_seconds() + 0.05)


class TestPostgresAssertionIds(AssertionIdsContract):
    @pytest.fixture
    def assertion_ids(self, pool: Pool) -> AssertionIds:
        return PostgresAssertionIds(pool)


class ProjectedTold(Told):
    """Tells through the projection, one transaction per line, as the bus would."""

    pool: Pool

    async def tell(self, *lines: HistoryLine) -> None:
        assert isinstance(self.store, PostgresReceipts)
        for line in lines:
            await project(self.store._pool, record_of(line))


class ProjectedMessages(Delivered):
    """Delivers rows as the projection writes them."""

    async def deliver(self, message: AuthorityMessage, *, case: UUID, client: str) -> None:
        assert isinstance(self.messages, PostgresMessages)
        values = {name: getattr(message, name) for name in AuthorityMessage.__dataclass_fields__}
        await self.messages._pool.execute(
            "INSERT INTO messages (case_id, client_id, submission_id, message_id, answer_id, at, authority, kind, "
            "outcome, content) VALUES ($1, $2, $1, $3, $4, $5, $6, $7, $8, $9)",
            case,
            client,
            *values.values(),
        )


class TestPostgresMessages(MessagesContract):
    @pytest.fixture
    def delivered(self, pool: Pool) -> Delivered:
        return ProjectedMessages(PostgresMessages(pool, cursors=CURSORS))


class TestPostgresHistories(HistoriesContract):
    @pytest.fixture
    def told(self, pool: Pool) -> Told:
        return ProjectedTold(PostgresReceipts(pool), PostgresHistories(pool, cursors=CURSORS))

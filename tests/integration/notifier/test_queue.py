"""PostgreSQL keeps the contract that the fake keeps."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from services.notifier.adapters.postgres import MIGRATIONS
from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import PostgresCaseStore
from services.notifier.adapters.postgres.queue import PostgresQueue
from services.notifier.domain.case import Case, ContactState
from services.notifier.domain.message import ApplicantMessage
from shared.postgres import migrations
from shared.postgres import pool as postgres
from shared.postgres.pool import Pool
from tests.contracts.notifier.queue import CONTACT, LEASE, QueueContract, Subject
from tests.support.stack import Database


@dataclass
class Real:
    queue: PostgresQueue
    pool: Pool

    async def plan(self, planned: ApplicantMessage, contact: ContactState = CONTACT) -> None:
        async with postgres.transaction(self.pool) as connection:
            ledger = PostgresCaseStore(connection)
            await ledger.keep([Case(planned.case_id, contact=contact)], [planned])

    async def pass_time(self, seconds: float) -> None:
        """PostgreSQL's clock cannot be set: what lies in the future or past is moved instead."""
        await self.pool.execute(
            """UPDATE messages SET created_at = created_at - $1::interval, due_at = due_at - $1::interval,
                                   leased_until = leased_until - $1::interval""",
            timedelta(seconds=seconds),
        )

    async def emitted(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM outbox"))


class TestPostgresQueue(QueueContract):
    @pytest.fixture
    async def subject(self, database: Database) -> AsyncIterator[Subject]:
        await migrations.upgrade(database.url, schema="notifier", folder=MIGRATIONS)
        pool = await postgres.open_pool(database.url, schema="notifier")
        try:
            yield Real(PostgresQueue(pool, lease=LEASE, history=StoreHistory("notifier")), pool)
        finally:
            await pool.close()

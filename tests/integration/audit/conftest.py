"""A log on real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from services.audit.adapters.postgres import MIGRATIONS
from services.audit.adapters.postgres.committed import PostgresLog
from shared.runtime import migrations
from shared.runtime.postgres import Pool, open_pool
from tests.support.audit import ORIGIN
from tests.support.stack import Database


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    await migrations.upgrade(database.url, schema="audit", folder=MIGRATIONS)
    pool = await open_pool(database.url, schema="audit")
    yield pool
    await pool.close()


@pytest.fixture
async def log(pool: Pool) -> PostgresLog:
    log = PostgresLog(pool, origin=ORIGIN, source="urn:amtsweg:audit")
    await log.found()
    return log

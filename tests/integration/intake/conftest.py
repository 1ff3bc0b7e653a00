"""Intake's schemas in a database of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

import services.intake.adapters.postgres.migrations as revisions
from services.intake.adapters.postgres import clients
from shared.runtime.migrations import upgrade
from shared.runtime.postgres import Pool, open_pool
from tests.support.stack import Database

REVISIONS = Path(revisions.__file__).parent


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """Connections to schema ``intake``, migrated, beside schema ``access``."""
    await upgrade(database.url, schema="intake", folder=REVISIONS)
    owner = await asyncpg.connect(database.url)
    await owner.execute(clients.SCHEMA)
    await owner.close()
    opened = await open_pool(database.url, schema="intake", size=20)
    yield opened
    await opened.close()

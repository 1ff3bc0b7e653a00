"""Who notes attempts and who projects events change the same receipts at the same time: neither may wait for the other."""

import asyncio

import pytest
from structlog.testing import capture_logs

from services.intake.adapters.postgres.receipts import PostgresReceipts
from shared.postgres.pool import Pool, transaction
from tests.contracts.intake.receipt_store import entry
from tests.integration.intake.bus import project, received

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def waiting(pool: Pool, sessions: int) -> None:
    async with asyncio.timeout(20):
        while await pool.fetchval(_WAITING) < sessions:  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0)


@pytest.mark.parametrize("backwards", [False, True])
async def test_the_note_of_attempts_and_their_projection_never_wait_for_each_other(
    pool: Pool, *, backwards: bool
) -> None:
    store = PostgresReceipts(pool)
    entries = sorted((entry() for _ in range(2)), key=lambda each: each.submission_id, reverse=backwards)
    # So many that PostgreSQL goes from what it is asked to the rows, as in a store in use.
    await asyncio.gather(*map(store.enter, [*entries, *(entry() for _ in range(2000))]))
    await pool.execute("ANALYZE receipts")
    events = [
        received(submission_id=each.submission_id, case_id=each.case_id, receipt=each.receipt)
        for each in entries
    ]
    with capture_logs() as told:
        async with transaction(pool) as holding:
            held = entries[0].submission_id
            await holding.execute("SELECT FROM receipts WHERE submission_id = $1 FOR UPDATE", held)
            projecting = asyncio.create_task(project(pool, *events))
            await waiting(pool, 1)
            notes = (store.settle(each.submission_id, taken=True) for each in reversed(entries))
            noting = asyncio.gather(*notes)
            await waiting(pool, 2)
        await asyncio.gather(projecting, noting)
    assert told == []

"""The published share of messages that were handed over within ten seconds."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from httpx import ASGITransport, AsyncClient, Response

from services.notifier.adapters.http.status import add_status
from services.notifier.adapters.postgres.shares import Shares
from shared.postgres.pool import Pool
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app


async def sent(
    pool: Pool, *, seconds: float, days_ago: int = 0, retries: int = 0, state: str = "sent"
) -> None:
    """What was handed over so long after its news; what came later says nothing about that."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    await pool.execute(
        """INSERT INTO messages (id, case_id, kind, revision, recipient, channel, state, occurred_at, handed_over_at, settled_at,
                                 retries)
           VALUES ($1, $2, 'receipt', 1, 'applicant', 'email', $6, $3, $4, now(), $5)""",
        uuid4(),
        uuid4(),
        at - timedelta(seconds=seconds),
        at,
        retries,
        state,
    )


async def ask(pool: Pool) -> Response:
    app = create_app(title="t", version="1", health=Health(), telemetry=Telemetry(), body_limit=1024)
    add_status(app, shares=Shares(pool, over=timedelta(days=7)), days=7)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://notifier") as client:
        return await client.get("/v1/status")


async def test_the_share_counts_what_was_sent_lately_and_at_the_first_attempt(pool: Pool) -> None:
    for seconds in (1, 2, 11):
        await sent(pool, seconds=seconds)
    await sent(pool, seconds=9.9, state="delivered")
    await sent(pool, seconds=500, days_ago=8)
    await sent(pool, seconds=500, retries=1)
    answer = await ask(pool)
    assert answer.json() == {
        "days": 7,
        "shares": [{"channel": "email", "kind": "receipt", "sent": 4, "withinTenSeconds": 0.75}],
    }


async def test_without_a_store_the_answer_says_so(pool: Pool) -> None:
    await pool.close()
    answer = await ask(pool)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"

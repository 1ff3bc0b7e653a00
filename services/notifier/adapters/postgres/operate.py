"""What an operator sees of messages, and how they are sent again; nothing about people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifier.domain.clock import Timer
from shared.postgres import pool as postgres
from shared.postgres.pool import Connection, Pool

_LISTED = """
    SELECT id, case_id, kind, revision, channel, state, reason, attempts, repeats, created_at, due_at, settled_at
    FROM messages
    WHERE (state = ANY($1) OR 'lacking' = ANY($1) AND state = 'sent' AND reason IS NOT NULL) AND ($2::uuid IS NULL OR case_id = $2)
    ORDER BY coalesce(settled_at, created_at) DESC LIMIT $3
"""

_AHEAD = """
    SELECT case_id, kind, step, subject, due_at FROM timers WHERE case_id = $1 AND struck_at IS NULL ORDER BY due_at
"""

# A case that is open is owed messages, and its contact is kept for them, however long that takes.
_OPEN = """
    FROM clocks JOIN cases ON cases.id = clocks.case_id
    WHERE cases.closed_at IS NULL AND cases.contact_state = 'sealed'
        AND (clocks.receipt ->> 'receivedAt')::timestamptz < now() - $1::interval
"""
_COUNT_OPEN = f"SELECT count(*) {_OPEN}"
_LIST_OPEN = f"""
    SELECT case_id, standing, authority, receipt ->> 'receiptNumber' AS receipt_number,
        (receipt ->> 'receivedAt')::timestamptz AS received_at
    {_OPEN} ORDER BY received_at LIMIT $2
"""

# Only what did not arrive, and only what can still be written: without its facts or its contact there is no mail.
_RETRY = """
    UPDATE messages m SET state = 'created', attempts = 0, due_at = now(), created_at = now(), settled_at = NULL,
        reason = NULL, retries = retries + 1, repeats = 0
    FROM cases c WHERE c.id = m.case_id AND c.contact_state = 'sealed' AND m.submission_id IS NOT NULL
        AND m.state IN ('failed', 'unknown') AND (m.id = ANY($1) OR $2::text IS NOT NULL AND m.reason = $2)
    RETURNING m.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMessage:
    """A message as it stands."""

    id: UUID
    case_id: UUID
    kind: str
    revision: int
    channel: str
    state: str
    reason: str | None
    attempts: int
    repeats: int
    created_at: datetime
    due_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnendedCase:
    """A case that has not ended, whose applicant's contact is kept; ``standing`` as the clock knows it."""

    case_id: UUID
    standing: str
    authority: str | None
    receipt_number: str
    received_at: datetime


async def open_cases(pool: Pool, *, older_than: timedelta, most: int) -> Sequence[UnendedCase]:
    """Return the cases that were received so long ago and have not ended, the oldest first."""
    async with postgres.transaction(pool) as connection:
        rows = await connection.fetch(_LIST_OPEN, older_than, most)
    return [UnendedCase(**dict(row)) for row in rows]


async def count_open(connection: Connection, *, older_than: timedelta) -> int:
    """Return how many `open_cases` there are."""
    return int(await connection.fetchval(_COUNT_OPEN, older_than))


async def listed(
    pool: Pool, *, states: Collection[str], case: UUID | None, most: int
) -> Sequence[ListedMessage]:
    """Return the newest messages in these states, of one case or of all; ``lacking``: sent, but not whole."""
    async with postgres.transaction(pool) as connection:
        rows = await connection.fetch(_LISTED, list(states), case, most)
    return [ListedMessage(**dict(row)) for row in rows]


async def ahead(pool: Pool, case: UUID) -> Sequence[Timer]:
    """Return the timers of a case that have not struck yet, the next one first."""
    async with postgres.transaction(pool) as connection:
        rows = await connection.fetch(_AHEAD, case)
    return [Timer(**dict(row)) for row in rows]


async def send_again(
    pool: Pool, *, messages: Collection[UUID] = (), reason: str | None = None
) -> frozenset[UUID]:
    """Queue these messages again, or all that failed for this reason; return which will be sent.

    A message that was sent, waits already, or whose contact has been deleted, is left as it is.
    """
    async with postgres.transaction(pool) as connection:
        rows = await connection.fetch(_RETRY, list(messages), reason)
    return frozenset(row["id"] for row in rows)

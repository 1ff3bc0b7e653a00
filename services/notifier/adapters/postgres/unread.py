"""Messages that lie unread in a mailbox: noted on day 5 and on day 7, each with its event in one transaction."""

from datetime import datetime, timedelta

import asyncpg

from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.settlements import settlement
from services.notifier.adapters.postgres.store import transaction
from services.notifier.domain.states import REMINDER_DAYS
from shared.events.notification import NotificationSettled
from shared.postgres import outbox
from shared.postgres.pool import Connection, Pool

_FIRST, _SECOND = REMINDER_DAYS

# ``settled_at`` of what is provided is its provision, of what is unread the first note of it. Both clocks must say that
# the instant has come: one of them, set wrongly, reminds nobody.
_NOTE = """
    UPDATE messages SET state = 'unread', settled_at = $1,
        unread_days = CASE WHEN state = 'sent' THEN $3::integer ELSE $4::integer END
    WHERE id IN (
        SELECT m.id FROM messages m JOIN cases c ON c.id = m.case_id
        WHERE m.channel = 'mailbox' AND m.submission_id IS NOT NULL AND c.contact_state = 'sealed'
          AND (m.state = 'sent' AND m.settled_at <= least($1, now() + $5::interval) - make_interval(days => $3)
            OR m.state = 'unread' AND m.unread_days = $3
               AND m.settled_at <= least($1, now() + $5::interval) - make_interval(days => $4 - $3))
        ORDER BY m.settled_at LIMIT $2 FOR UPDATE OF m SKIP LOCKED)
    RETURNING id, case_id, submission_id, kind, revision, attempts, unread_days
"""


class UnreadInPostgres:
    """Notes what is unread; ``ahead`` is how far a demonstration's clock is ahead."""

    def __init__(self, pool: Pool, *, history: StoreHistory, ahead: timedelta = timedelta()) -> None:
        self._pool = pool
        self._history = history
        self._ahead = ahead

    async def note(self, now: datetime, *, most: int) -> int:
        """Note up to so many messages that are unread, and return how many were.

        Raises:
            StoreAway: nothing is known of it.
        """
        at = now + self._ahead
        async with transaction(self._pool) as connection:
            await self._history.verify(connection)
            rows = await connection.fetch(_NOTE, at, most, _FIRST, _SECOND, self._ahead)
            for row in rows:
                await _say(connection, row, at)
        return len(rows)


async def _say(connection: Connection, row: asyncpg.Record, at: datetime) -> None:
    told = NotificationSettled(
        message_id=row["id"],
        kind=row["kind"],
        revision=row["revision"],
        channel="mailbox",
        outcome="unread",
        attempts=row["attempts"],
        settled_at=at,
        unread_days=row["unread_days"],
    )
    said = settlement(
        told,
        cause=f"unread-{row['unread_days']}",
        case_id=row["case_id"],
        submission_id=row["submission_id"],
    )
    await outbox.enqueue(connection, said)

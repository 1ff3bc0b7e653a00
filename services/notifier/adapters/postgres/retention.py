"""What the notifier removes after a case has closed: first its contact, later all of it but the id."""

from datetime import timedelta
from typing import Final

from services.notifier.adapters.postgres.operate import count_open
from services.notifier.adapters.postgres.store import transaction
from services.notifier.domain.states import REMINDER_DAYS
from shared.events.retention import gone_after
from shared.events.topics import consumed_by
from shared.postgres.pool import Pool

KEPT: Final = timedelta(days=400)
"""An operator can still say of each message what became of it; the router has forgotten the case long before."""

OPEN_LONG: Final = timedelta(days=365)
"""Nobody but its authority, or an order to erase it, ends a case: from then on operators are told of it."""

_EVENTS_GONE: Final = max(after for topic in consumed_by("notifier") if (after := gone_after(topic)))
_AT_ONCE: Final = 500

# The time counts from the last message that was settled, however late: a bounce may follow, and another way be gone.
# What lies in a mailbox may go unread until the last reminder: it keeps the contact as long, however short the time is.
_ERASE = """
    WITH erased AS (
        UPDATE cases SET contact_state = 'erased', contact = NULL
        WHERE contact_state = 'sealed' AND closed_at < now() - $1::interval AND NOT EXISTS (
            SELECT FROM messages m WHERE m.case_id = cases.id
                AND (m.state IN ('created', 'sending') OR m.settled_at >= now() - $1::interval
                    OR m.channel = 'mailbox' AND (m.state = 'sent' OR m.state = 'unread' AND m.unread_days < $2)))
        RETURNING id),
    unsaid AS (DELETE FROM notices USING erased WHERE notices.case_id = erased.id)
    SELECT count(*) FROM erased
"""

# Bounded deletes, no partitions by time: cases do not close in the order in which they began.
_CLOSED = """
    SELECT id FROM cases
    WHERE closed_at < now() - $1::interval AND contact_state <> 'sealed'
      AND NOT EXISTS (SELECT FROM messages m WHERE m.case_id = cases.id AND m.settled_at IS NULL)
    ORDER BY closed_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""

# A statement of its own: it sees what was committed before the cases were locked.
_REMOVE = """
    WITH old AS MATERIALIZED (
        SELECT id FROM unnest($1::uuid[]) AS locked (id)
        WHERE NOT EXISTS (SELECT FROM messages m WHERE m.case_id = locked.id AND m.settled_at IS NULL)),
    ids AS (INSERT INTO removed_cases (case_id) SELECT id FROM old),
    a AS (DELETE FROM messages USING old WHERE messages.case_id = old.id),
    b AS (DELETE FROM notices USING old WHERE notices.case_id = old.id),
    c AS (DELETE FROM timers USING old WHERE timers.case_id = old.id),
    d AS (DELETE FROM clocks USING old WHERE clocks.case_id = old.id),
    e AS (DELETE FROM cases USING old WHERE cases.id = old.id)
    SELECT count(*) FROM old
"""

_FORGET = "DELETE FROM removed_cases WHERE written_on < (now() AT TIME ZONE 'UTC' - $1::interval)::date"


class Retention:
    """Removes what is old; replicas may do so at the same time.

    Raises:
        StoreAway: from every method; what is left is removed by the next call.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def erase_contacts(self, *, closed_for: timedelta) -> int:
        """Delete the contacts of cases closed for so long, whose last message was settled as long ago; return how many.

        A message that may still turn out to be unread keeps the contact.
        What authorities have sealed for their messages goes with them.
        """
        async with transaction(self._pool) as connection:
            return int(await connection.fetchval(_ERASE, closed_for, REMINDER_DAYS[-1]))

    async def still_open(self) -> int:
        """Return how many cases have been open for longer than `OPEN_LONG`; their contacts stay until they end."""
        async with transaction(self._pool) as connection:
            return await count_open(connection, older_than=OPEN_LONG)

    async def remove_cases(self, *, closed_for: timedelta = KEPT) -> int:
        """Remove the cases that closed so long ago, with their messages and timers; return how many."""
        removed = some = await self._some(closed_for)
        while some == _AT_ONCE:
            removed += (some := await self._some(closed_for))
        async with transaction(self._pool) as connection:
            await connection.execute(_FORGET, _EVENTS_GONE)
        return removed

    async def _some(self, closed_for: timedelta) -> int:
        async with transaction(self._pool) as connection:
            locked = [row["id"] for row in await connection.fetch(_CLOSED, closed_for, _AT_ONCE)]
            return int(await connection.fetchval(_REMOVE, locked)) if locked else 0

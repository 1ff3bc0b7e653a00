"""Writes what delivery reports say about mails that were handed over, each with its event in one transaction."""

from datetime import datetime
from uuid import UUID

from services.notifier.adapters.postgres.settlements import settlement
from services.notifier.adapters.postgres.store import transaction
from services.notifier.domain.bounces import DeliveryReport
from services.notifier.domain.states import before
from services.notifier.ports import StoreAway
from shared.events.notification import FailureReason, NotificationSettled
from shared.postgres import outbox
from shared.postgres.pool import Pool

# Of an erased case nothing is left to be said. A report says nothing of a message that nobody has handed over. One that
# waits to be offered again, since nobody knew whether it had been taken, is settled by its report.
_NOTE = """
    UPDATE messages SET state = $2, reason = $3, settled_at = $4
    WHERE id = $1 AND channel = 'email' AND submission_id IS NOT NULL
      AND (state = ANY($5) OR state = 'created' AND repeats > 0 AND $2::text <> 'delayed')
    RETURNING case_id, submission_id, kind, revision, attempts, repeats
"""

# Whoever reports comes back later; by then it is known whether the mail server has taken the mail over. The lock waits for
# a settlement that is being written: without it the report could come between the two, and be lost.
_UNDER_WAY = "SELECT state = 'sending' FROM messages WHERE id = $1 FOR UPDATE"


class ReturnedMails:
    """Writes reports; a state that cannot follow the present one is not written."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def note(self, message: UUID, report: DeliveryReport, *, at: datetime) -> bool:
        """Write what the report says; False where it changes nothing.

        Raises:
            StoreAway: nothing was written.
        """
        reason: FailureReason | None = "bounced" if report.outcome == "failed" else None
        states = sorted(before(report.outcome, reason))
        async with transaction(self._pool) as connection:
            if await connection.fetchval(_UNDER_WAY, message):
                raise StoreAway("the mail server's own answer has not been written yet")
            row = await connection.fetchrow(_NOTE, message, report.outcome, reason, at, states)
            if row is None:
                return False
            told = NotificationSettled(
                message_id=message,
                kind=row["kind"],
                revision=row["revision"],
                channel="email",
                outcome=report.outcome,
                attempts=row["attempts"],
                settled_at=at,
                reason=reason,
                repeats=row["repeats"],
            )
            said = settlement(
                told,
                cause=f"report-{report.outcome}",
                case_id=row["case_id"],
                submission_id=row["submission_id"],
            )
            await outbox.enqueue(connection, said)
        return True

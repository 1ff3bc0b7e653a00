"""The book of answers, schema ``doors``: one statement per step, each atomic by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import structlog

from services.router.domain.cases.answering import AnswerEntry, AnswerFound
from shared.errors import Unavailable
from shared.postgres.pool import Pool, reaching_postgres

HOLD: Final = timedelta(seconds=15)
"""How long an attempt holds its entry: longer than it may take. Whoever dies holding it delays a repetition so long."""

KEPT: Final = timedelta(days=400)
"""How long an answer is known again here. The router knows it by its id for as long as its case is remembered."""

_ENTER: Final = """
INSERT INTO answers (authority, own_id, case_id, submission_id, content_hash, accepted_at, held_until)
VALUES ($1, $2, $3, $4, $5, $6, now() + $7)
ON CONFLICT (authority, own_id) DO NOTHING
RETURNING true
"""
_FIND: Final = """
SELECT *, taken_at IS NOT NULL AS taken, held_until > now() AS running FROM answers
WHERE authority = $1 AND own_id = $2
"""
_CLAIM: Final = """
UPDATE answers SET held_until = now() + $3
WHERE authority = $1 AND own_id = $2 AND held_until <= now() AND taken_at IS NULL
RETURNING true
"""
# Not forced to disk: a note that is lost in a crash is made up for by sending once more under the same id.
_SETTLE: Final = """
WITH unforced AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE answers SET held_until = now(), taken_at = CASE WHEN $3 THEN coalesce(taken_at, now()) ELSE taken_at END
FROM unforced WHERE authority = $1 AND own_id = $2
"""
_NEWEST: Final = "SELECT max(accepted_at) FROM answers"
_REFILL: Final = """
INSERT INTO answers (authority, own_id, case_id, submission_id, content_hash, accepted_at, held_until, taken_at)
SELECT entry.*, now(), now()
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[]) AS entry
ON CONFLICT (authority, own_id) DO NOTHING
RETURNING true
"""
_FORGET: Final = "DELETE FROM answers WHERE accepted_at < now() - $1::interval"


class PostgresAnswers:
    """Implements `services.router.ports.AnswerBook`; raises ``Unavailable`` where that may fail."""

    def __init__(self, pool: Pool, *, hold: timedelta = HOLD) -> None:
        self._pool = pool
        self._hold = hold
        self._log = structlog.get_logger().bind(part="answers")

    async def enter(self, entry: AnswerEntry) -> AnswerFound | None:
        with reaching_postgres():
            entered = await self._pool.fetchval(
                _ENTER,
                entry.authority,
                entry.own_id,
                entry.case_id,
                entry.submission_id,
                entry.content_hash,
                entry.accepted_at,
                self._hold,
            )
        return None if entered else await self.find(entry.authority, entry.own_id)

    async def find(self, authority: str, own_id: str) -> AnswerFound | None:
        with reaching_postgres():
            row = await self._pool.fetchrow(_FIND, authority, own_id)
        return None if row is None else _found(row)

    async def claim(self, entry: AnswerEntry) -> bool:
        with reaching_postgres():
            return bool(await self._pool.fetchval(_CLAIM, entry.authority, entry.own_id, self._hold))

    async def settle(self, entry: AnswerEntry, *, taken: bool) -> None:
        try:
            with reaching_postgres():
                await self._pool.execute(_SETTLE, entry.authority, entry.own_id, taken, timeout=2)
        except Unavailable as away:
            self._log.warning("attempt not noted", case_id=str(entry.case_id), error=away)

    async def newest(self) -> datetime | None:
        """When the last of the answers in the book was accepted."""
        with reaching_postgres():
            instant: datetime | None = await self._pool.fetchval(_NEWEST)
        return instant

    async def refill(self, entries: Sequence[AnswerEntry]) -> int:
        """Enter answers that Kafka has, as far as they are not in the book; return how many were not."""
        columns = [
            [getattr(each, name) for each in entries]
            for name in ("authority", "own_id", "case_id", "submission_id", "content_hash", "accepted_at")
        ]
        with reaching_postgres():
            return len(await self._pool.fetch(_REFILL, *columns))

    async def forget(self, *, after: timedelta = KEPT) -> None:
        """Drop what nobody repeats any more."""
        with reaching_postgres():
            await self._pool.execute(_FORGET, after)


def _found(row: asyncpg.Record) -> AnswerFound:
    entry = AnswerEntry(
        authority=row["authority"],
        own_id=row["own_id"],
        case_id=row["case_id"],
        submission_id=row["submission_id"],
        content_hash=row["content_hash"],
        accepted_at=row["accepted_at"],
    )
    return AnswerFound(entry=entry, taken=row["taken"], running=row["running"])

"""The book of answers, schema ``doors``: one statement per step, each atomic by itself, for all that come at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import asyncpg
import structlog

from services.router.domain.cases.answering import AnswerEntry, AnswerFound
from shared.errors import Unavailable
from shared.postgres.gathered_calls import GatheredCalls
from shared.postgres.pool import Pool, reaching_postgres

_Key = tuple[str, str]

HOLD: Final = timedelta(seconds=15)
"""How long an attempt holds its entry: longer than it may take. Whoever dies holding it delays a repetition so long."""

KEPT: Final = timedelta(days=400)
"""How long an answer is known again here. The router knows it by its id for as long as its case is remembered."""

_SECONDS: Final = 5.0
"""How long one statement for many answers may take; a server that no longer answers must not hold them for longer."""

_ENTRIES: Final = "unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])"
# In order, so that two processes that enter the same ones never wait for each other.
_ENTER: Final = f"""
INSERT INTO answers (authority, own_id, case_id, submission_id, content_hash, accepted_at, held_until)
SELECT entry.*, now() + $7 FROM {_ENTRIES} AS entry (authority, own_id) ORDER BY authority, own_id
ON CONFLICT (authority, own_id) DO NOTHING
RETURNING authority, own_id
"""  # noqa: S608 - made of constants
_FIND: Final = """
SELECT *, taken_at IS NOT NULL AS taken, held_until > now() AS running FROM answers
JOIN unnest($1::text[], $2::text[]) AS asked (authority, own_id) USING (authority, own_id)
"""
_CLAIM: Final = """
UPDATE answers SET held_until = now() + $3
WHERE authority = $1 AND own_id = $2 AND held_until <= now() AND taken_at IS NULL
RETURNING true
"""
# Not forced to disk: a note that is lost in a crash is made up for by sending once more under the same id.
_SETTLE: Final = """
WITH unforced AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE answers
SET held_until = now(), taken_at = CASE WHEN settled.taken THEN coalesce(taken_at, now()) ELSE taken_at END
FROM unforced, unnest($1::text[], $2::text[], $3::boolean[]) AS settled (authority, own_id, taken)
WHERE (answers.authority, answers.own_id) = (settled.authority, settled.own_id)
"""
_NEWEST: Final = "SELECT max(accepted_at) FROM answers"
_REFILL: Final = f"""
INSERT INTO answers (authority, own_id, case_id, submission_id, content_hash, accepted_at, held_until, taken_at)
SELECT entry.*, now(), now()
FROM {_ENTRIES} AS entry
ON CONFLICT (authority, own_id) DO NOTHING
RETURNING true
"""  # noqa: S608 - made of constants
_FORGET: Final = "DELETE FROM answers WHERE accepted_at < now() - $1::interval"


class PostgresAnswers:
    """Implements `services.router.ports.AnswerBook`; raises ``Unavailable`` where that may fail."""

    def __init__(self, pool: Pool, *, hold: timedelta = HOLD) -> None:
        self._pool = pool
        self._hold = hold
        self._log = structlog.get_logger().bind(part="answers")
        self._entering = GatheredCalls(self._enter, key=_key)
        self._settling = GatheredCalls(self._settle, key=lambda attempt: _key(attempt.entry))

    async def enter(self, entry: AnswerEntry) -> AnswerFound | None:
        return await self._entering(entry)

    async def find(self, authority: str, own_id: str) -> AnswerFound | None:
        return (await self._find([(authority, own_id)])).get((authority, own_id))

    async def claim(self, entry: AnswerEntry) -> bool:
        with reaching_postgres():
            return bool(await self._pool.fetchval(_CLAIM, entry.authority, entry.own_id, self._hold))

    async def settle(self, entry: AnswerEntry, *, taken: bool) -> None:
        try:
            await self._settling(_Attempt(entry, taken))
        except Unavailable as away:
            self._log.warning("attempt not noted", case_id=str(entry.case_id), error=away)

    async def newest(self) -> datetime | None:
        """When the last of the answers in the book was accepted."""
        with reaching_postgres():
            instant: datetime | None = await self._pool.fetchval(_NEWEST)
        return instant

    async def refill(self, entries: Sequence[AnswerEntry]) -> int:
        """Enter answers that Kafka has, as far as they are not in the book; return how many were not."""
        with reaching_postgres():
            return len(await self._pool.fetch(_REFILL, *_columns(entries)))

    async def forget(self, *, after: timedelta = KEPT) -> None:
        """Drop what nobody repeats any more."""
        with reaching_postgres():
            await self._pool.execute(_FORGET, after)

    async def _enter(self, entries: Sequence[AnswerEntry]) -> Sequence[AnswerFound | None]:
        with reaching_postgres():
            rows = await self._pool.fetch(_ENTER, *_columns(entries), self._hold, timeout=_SECONDS)
        entered = {(row["authority"], row["own_id"]) for row in rows}
        found = await self._find([key for key in map(_key, entries) if key not in entered])
        return [found.get(key) for key in map(_key, entries)]

    async def _find(self, keys: Sequence[_Key]) -> Mapping[_Key, AnswerFound]:
        if not keys:
            return {}
        with reaching_postgres():
            rows = await self._pool.fetch(_FIND, [of for of, _ in keys], [id_ for _, id_ in keys])
        return {_key(found.entry): found for found in map(_found, rows)}

    async def _settle(self, attempts: Sequence["_Attempt"]) -> Sequence[None]:
        keys, taken = [_key(each.entry) for each in attempts], [each.taken for each in attempts]
        with reaching_postgres():
            await self._pool.execute(
                _SETTLE, [of for of, _ in keys], [id_ for _, id_ in keys], taken, timeout=2
            )
        return [None] * len(attempts)


class _Attempt(NamedTuple):
    """How an attempt ended."""

    entry: AnswerEntry
    taken: bool


def _key(entry: AnswerEntry) -> _Key:
    return entry.authority, entry.own_id


def _columns(entries: Sequence[AnswerEntry]) -> list[list[Any]]:
    names = ("authority", "own_id", "case_id", "submission_id", "content_hash", "accepted_at")
    return [[getattr(each, name) for each in entries] for name in names]


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

"""The store of answers, schema ``doors``: one statement per step, each atomic by itself, for all that come at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

_MARK: Final = "mark AS (SELECT coalesce(max(number), 0) AS number, pg_postmaster_start_time() AS server FROM answer_mark)"
_ENTRIES: Final = "unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])"
# In order, so that two processes that enter the same ones never wait for each other.
_ENTER: Final = f"""
WITH {_MARK}, entered AS (
    INSERT INTO answers (authority, own_id, case_id, submission_id, content_hash, accepted_at, held_until)
    SELECT entry.*, now() + $7 FROM {_ENTRIES} AS entry (authority, own_id), mark
    WHERE mark.number >= $8 AND coalesce($9, mark.server) = mark.server ORDER BY authority, own_id
    ON CONFLICT (authority, own_id) DO NOTHING
    RETURNING authority, own_id
)
SELECT mark.*, entered.* FROM mark LEFT JOIN entered ON true
"""  # noqa: S608 - made of constants
_FIND: Final = f"""
WITH {_MARK}, found AS (
    SELECT *, taken_at IS NOT NULL AS taken, held_until > now() AS running FROM answers
    JOIN unnest($1::text[], $2::text[]) AS asked (authority, own_id) USING (authority, own_id)
)
SELECT mark.*, found.* FROM mark LEFT JOIN found ON true
"""  # noqa: S608 - made of constants
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
_WITHDRAW: Final = "DELETE FROM answers WHERE authority = $1 AND own_id = $2 AND taken_at IS NULL"
_READ_MARK: Final = f"""
WITH {_MARK} SELECT mark.*, ends FROM mark LEFT JOIN answer_mark USING (number)
"""  # noqa: S608 - made of constants
_ADVANCE: Final = """
INSERT INTO answer_mark (number, ends) VALUES ($1 + 1, $2)
ON CONFLICT (id) DO UPDATE SET number = excluded.number, ends = excluded.ends WHERE answer_mark.number = $1
RETURNING number
"""
_REFILL: Final = f"""
INSERT INTO answers (authority, own_id, case_id, submission_id, content_hash, accepted_at, held_until, taken_at)
SELECT entry.*, now(), now()
FROM {_ENTRIES} AS entry
ON CONFLICT (authority, own_id) DO NOTHING
RETURNING true
"""  # noqa: S608 - made of constants
_FORGET: Final = "DELETE FROM answers WHERE accepted_at < now() - $1::interval"


class AnswersSetBack(Unavailable):
    """The database may have forgotten what this process knew of it: it was restored, or started anew. Nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMark:
    """By partition number: every answer that lies before these offsets is in the store.

    ``number`` only grows; ``server`` is when the database that said so was started.
    """

    number: int = 0
    ends: tuple[int, ...] = ()
    server: datetime | None = None

    def known_by(self, *, number: int, server: datetime | None) -> bool:
        """Whether a database with this mark has all that the one with our mark had."""
        return number >= self.number and self.server in {None, server}


class PostgresAnswers:
    """Implements `services.router.ports.AnswerStore`; raises ``Unavailable`` where that may fail."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._mark = AnswerMark()
        self._log = structlog.get_logger().bind(part="answers")
        self._entering = GatheredCalls(self._enter, key=_key)
        self._settling = GatheredCalls(self._settle, key=lambda attempt: _key(attempt.entry))

    async def enter(self, entry: AnswerEntry) -> AnswerFound | None:
        return await self._entering(entry)

    async def find(self, authority: str, own_id: str) -> AnswerFound | None:
        return (await self._find([(authority, own_id)])).get((authority, own_id))

    async def claim(self, entry: AnswerEntry) -> bool:
        with reaching_postgres():
            return bool(await self._pool.fetchval(_CLAIM, entry.authority, entry.own_id, HOLD))

    async def settle(self, entry: AnswerEntry, *, taken: bool) -> None:
        try:
            await self._settling(_Attempt(entry, taken))
        except Unavailable as away:
            self._log.warning("attempt not noted", case_id=str(entry.case_id), error=away)

    async def withdraw(self, entry: AnswerEntry) -> None:
        try:
            with reaching_postgres():
                await self._pool.execute(_WITHDRAW, entry.authority, entry.own_id, timeout=2)
        except Unavailable as away:
            self._log.warning("entry not withdrawn", case_id=str(entry.case_id), error=away)

    async def mark(self) -> AnswerMark:
        """How far the store certainly has what Kafka has."""
        with reaching_postgres():
            (row,) = await self._pool.fetch(_READ_MARK)
        return AnswerMark(number=row["number"], ends=tuple(row["ends"] or ()), server=row["server"])

    async def advance(self, mark: AnswerMark, ends: Sequence[int]) -> AnswerMark | None:
        """Note that all answers before these ends are in the store; None, and nothing noted, where ``mark`` has changed."""
        with reaching_postgres():
            number = await self._pool.fetchval(_ADVANCE, mark.number, list(ends))
        return None if number is None else AnswerMark(number=number, ends=tuple(ends), server=mark.server)

    def expect(self, mark: AnswerMark) -> None:
        """Refuse, from now on, a database that may lack what this mark states."""
        self._mark = mark

    async def refill(self, entries: Sequence[AnswerEntry]) -> int:
        """Enter answers that Kafka has, as far as they are not in the store; return how many were not."""
        with reaching_postgres():
            return len(await self._pool.fetch(_REFILL, *_columns(entries)))

    async def forget(self, *, after: timedelta = KEPT) -> None:
        """Delete answers that are too old to be repeated."""
        with reaching_postgres():
            await self._pool.execute(_FORGET, after)

    async def _enter(self, entries: Sequence[AnswerEntry]) -> Sequence[AnswerFound | None]:
        mark = self._mark
        with reaching_postgres():
            rows = await self._pool.fetch(
                _ENTER, *_columns(entries), HOLD, mark.number, mark.server, timeout=_SECONDS
            )
        _check(rows, mark)
        entered = {(row["authority"], row["own_id"]) for row in rows}
        found = await self._find([key for key in map(_key, entries) if key not in entered])
        return [found.get(key) for key in map(_key, entries)]

    async def _find(self, keys: Sequence[_Key]) -> Mapping[_Key, AnswerFound]:
        if not keys:
            return {}
        mark = self._mark
        with reaching_postgres():
            rows = await self._pool.fetch(_FIND, [of for of, _ in keys], [id_ for _, id_ in keys])
        _check(rows, mark)
        found = [_found(row) for row in rows if row["authority"] is not None]
        return {_key(each.entry): each for each in found}

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


def _check(rows: Sequence[asyncpg.Record], mark: AnswerMark) -> None:
    """Check the mark that every statement also returns; ``mark`` is ours from before, since both may have moved on."""
    if not mark.known_by(number=rows[0]["number"], server=rows[0]["server"]):
        raise AnswersSetBack(
            "the database was restored or started anew; answers are completed from Kafka; try again"
        )


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

"""Searching the log. Filters are columns beside the leaf; nothing here is believed that the leaf does not say."""

from collections.abc import Sequence
from typing import Final

from services.audit.domain.daily_statement import NOBODY
from services.audit.domain.pending_entry import NOBODYS
from services.audit.domain.reading import Found, Question
from services.audit.domain.schemas import ABOUT_THE_LOG
from shared.postgres.pool import Pool, reaching_postgres

_ENTRIES: Final = """
SELECT e.index, e.leaf, p.sealed, k.key
FROM entries e
LEFT JOIN payloads p ON p.log = e.log AND p.index = e.index
LEFT JOIN keys k ON k.log = e.log
  AND k.owner = coalesce(CASE WHEN e.type <> ALL($4::text[]) THEN e.case_ref END, e.actor_ref, $3)
WHERE e.log = (SELECT id FROM logs WHERE origin = $1)
"""
_FIND: Final = _ENTRIES + "AND e.index > $2 {filters} ORDER BY e.index LIMIT {limit}"
_COUNT: Final = """
SELECT count(*) FROM (SELECT FROM entries e
WHERE e.log = (SELECT id FROM logs WHERE origin = $1) AND e.index > $2 AND $3::text IS NOT NULL
  AND $4::text[] IS NOT NULL {filters} LIMIT {limit}) found
"""
_NAMED: Final = _ENTRIES + "AND e.id = $2"
_LATEST: Final = _ENTRIES + "AND e.type = '{type}' ORDER BY e.index DESC LIMIT $2"
"""The type stands in the text: with a parameter, the index over a few types cannot be used."""

_CASES: Final = """
SELECT DISTINCT case_ref
FROM tokens
WHERE log = (SELECT id FROM logs WHERE origin = $1) AND token = ANY($2::uuid[])
ORDER BY case_ref LIMIT 100
"""


class PostgresArchive:
    """The entries of one log, by what they can be found by."""

    def __init__(self, pool: Pool, *, origin: str) -> None:
        self._pool = pool
        self._origin = origin

    async def find(self, question: Question) -> Sequence[Found]:
        """The entries that answer the question, in the log's order."""
        filters, values = _filters(question)
        statement = _FIND.format(filters=filters, limit=int(question.limit))
        return await self._fetch(statement, question.after, *values)

    async def count(self, question: Question, *, most: int) -> int:
        """How many entries answer the question, wherever a page of them begins; ``most`` where there are more."""
        filters, values = _filters(question)
        statement = _COUNT.format(filters=filters, limit=int(most))
        with reaching_postgres():
            found = await self._pool.fetchval(
                statement, self._origin, -1, NOBODYS, list(ABOUT_THE_LOG), *values
            )
        return int(found)

    async def named(self, id: str) -> Found | None:  # noqa: A002 - the word of the leaf
        """The entry whose leaf has this id."""
        return next(iter(await self._fetch(_NAMED, id)), None)

    async def cases(self, tokens: Sequence[str]) -> Sequence[str]:
        """The cases that can be found by one of these tokens."""
        with reaching_postgres():
            rows = await self._pool.fetch(
                _CASES,
                self._origin,
                list(tokens),
            )
        return [row[0].hex for row in rows]

    async def latest(self, type: str, *, limit: int) -> Sequence[Found]:  # noqa: A002 - the word of the envelope
        """The last entries of this type, newest first; quick for the types that speak about the log."""
        return await self._fetch(_LATEST.format(type=type.replace("'", "")), limit)

    async def _fetch(self, statement: str, first: object, *values: object) -> Sequence[Found]:
        with reaching_postgres():
            rows = await self._pool.fetch(
                statement, self._origin, first, NOBODYS, list(ABOUT_THE_LOG), *values
            )
        return [Found(row["index"], row["leaf"], row["sealed"], row["key"]) for row in rows]


def _filters(question: Question) -> tuple[str, list[object]]:
    """The conditions of the question from parameter 5 on, and their values; 1 to 4 are the log's."""
    conditions = (
        ("e.case_ref = ANY({}::uuid[])", list(question.case) or None),
        ("e.index < {}", question.before),
        ("e.actor_ref = ANY({}::uuid[])", list(question.actors) or None),
        (
            "coalesce(e.authority, '-') = {}" if question.authority == NOBODY else "e.authority = {}",
            question.authority,
        ),
        ("e.service = {}", question.service),
        ("e.type = {}", question.type),
        ("e.id = {}", question.event),
        ("e.type <> ALL($4::text[]) AND {}", None if question.looks else True),
        ("e.time >= {}", question.since),
        ("e.time < {}", question.until),
    )
    asked = [(text, value) for text, value in conditions if value is not None]
    filters = "".join(f" AND {text.format(f'${n}')}" for n, (text, _) in enumerate(asked, 5))
    return filters, [value for _, value in asked]

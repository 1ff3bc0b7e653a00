"""Searching the log. Filters are columns beside the leaf; nothing here is believed that the leaf does not say."""

from collections.abc import Sequence
from uuid import UUID

from services.audit.domain.day import NOBODY
from services.audit.ports import Found, Question
from shared.postgres.pool import Pool, reaching_postgres

_ENTRIES = """
select e.index, e.leaf, p.sealed, k.key
from entries e
left join payloads p on p.log = e.log and p.index = e.index
left join keys k on k.log = p.log and k.owner = p.owner
where e.log = (select id from logs where origin = $1)
"""
_FIND = _ENTRIES + "and e.index > $2 {filters} order by e.index limit {limit}"
_NAMED = _ENTRIES + "and e.event_id = $2"
_LATEST = _ENTRIES + "and e.type = '{type}' order by e.index desc limit $2"
"""The type stands in the text: with a parameter, the index over a few types cannot be used."""


class PostgresArchive:
    """The entries of one log, by what they can be found by."""

    def __init__(self, pool: Pool, *, origin: str) -> None:
        self._pool = pool
        self._origin = origin

    async def find(self, question: Question) -> Sequence[Found]:
        """The entries that answer the question, in the log's order."""
        conditions = (
            ("e.case_ref = any({}::text[])", list(question.case) or None),
            ("e.index < {}", question.before),
            ("e.actor_ref = {}", question.actor),
            (
                "coalesce(e.authority, '-') = {}" if question.authority == NOBODY else "e.authority = {}",
                question.authority,
            ),
            ("e.service = {}", question.service),
            ("e.type = {}", question.type),
            ("e.event_id = {}", question.event),
            ("e.trace = {}", question.trace),
            ("e.time >= {}", question.since),
            ("e.time < {}", question.until),
        )
        asked = [(text, value) for text, value in conditions if value is not None]
        filters = "".join(f" and {text.format(f'${n}')}" for n, (text, _) in enumerate(asked, 3))
        statement = _FIND.format(filters=filters, limit=int(question.limit))
        return await self._fetch(statement, question.after, *(value for _, value in asked))

    async def named(self, id: UUID) -> Found | None:  # noqa: A002 - the word of the envelope
        """The entry of this event."""
        return next(iter(await self._fetch(_NAMED, id)), None)

    async def latest(self, type: str, *, limit: int) -> Sequence[Found]:  # noqa: A002 - the word of the envelope
        """The last entries of this type, newest first; quick for the types that speak about the log."""
        return await self._fetch(_LATEST.format(type=type.replace("'", "")), limit)

    async def _fetch(self, statement: str, *values: object) -> Sequence[Found]:
        with reaching_postgres():
            rows = await self._pool.fetch(statement, self._origin, *values)
        return [Found(row["index"], row["leaf"], row["sealed"], row["key"]) for row in rows]

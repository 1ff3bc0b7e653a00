"""Searching the log. Filters are columns beside the leaf; nothing here is believed that the leaf does not say."""

from collections.abc import Sequence

from services.audit.ports import Found, Question
from shared.runtime.postgres import Pool, reaching_postgres

_FIND = """
select e.index, e.leaf, p.sealed, k.key
from entries e
left join payloads p on p.log = e.log and p.index = e.index
left join keys k on k.log = p.log and k.owner = p.owner
where e.log = (select id from logs where origin = $1)
  and e.index > $2
  {filters}
order by e.index
limit {limit}
"""


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
            ("e.authority = {}", question.authority),
            ("e.service = {}", question.service),
            ("e.type = {}", question.type),
            ("e.trace = {}", question.trace),
            ("e.time >= {}", question.since),
            ("e.time < {}", question.until),
        )
        asked = [(text, value) for text, value in conditions if value is not None]
        filters = "".join(f" and {text.format(f'${n}')}" for n, (text, _) in enumerate(asked, 3))
        statement = _FIND.format(filters=filters, limit=int(question.limit))
        with reaching_postgres():
            rows = await self._pool.fetch(
                statement, self._origin, question.after, *(value for _, value in asked)
            )
        return [Found(row["index"], row["leaf"], row["sealed"], row["key"]) for row in rows]

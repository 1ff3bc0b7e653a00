"""Reading histories and the feed; another client's rows are not found, like those that do not exist."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.intake.adapters.postgres.book import receipt_from
from services.intake.domain.history import Line, complete
from services.intake.ports import Known, Page
from shared.postgres.pool import Pool, reaching_postgres

_SUBMISSION: Final = (
    "SELECT * FROM receipts WHERE submission_id = $1 AND client_id = $2 AND taken_at IS NOT NULL"
)
_CASE: Final = "SELECT * FROM receipts WHERE case_id = $1 AND client_id = $2 AND taken_at IS NOT NULL"
_LINES: Final = "SELECT * FROM history WHERE case_id = $1 AND client_id = $2 ORDER BY at, position"
_EPOCH: Final = "SELECT epoch FROM feed"
_FEED: Final = "SELECT * FROM history WHERE client_id = $1 AND position > $2 ORDER BY position LIMIT $3"


class PostgresHistories:
    """Implements `services.intake.ports.Histories`; raises ``Unavailable``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def submission(self, submission_id: UUID, *, client_id: str) -> Known | None:
        return await self._known(_SUBMISSION, submission_id, client_id)

    async def case(self, case_id: UUID, *, client_id: str) -> Known | None:
        return await self._known(_CASE, case_id, client_id)

    async def feed(self, client_id: str, *, after: str | None, limit: int) -> Page | None:
        with reaching_postgres():
            epoch: str = await self._pool.fetchval(_EPOCH)
            position = _position(after, epoch=epoch)
            if position is None:
                return None
            rows = await self._pool.fetch(_FEED, client_id, position, limit + 1)
        shown = rows[:limit]
        reached = shown[-1]["position"] if shown else position
        return Page(lines=_lines(shown), next=f"{epoch}-{reached}", more=len(rows) > limit)

    async def _known(self, query: str, asked: UUID, client_id: str) -> Known | None:
        with reaching_postgres():
            row = await self._pool.fetchrow(query, asked, client_id)
            if row is None:
                return None
            lines = _lines(await self._pool.fetch(_LINES, row["case_id"], client_id))
        ids = {"submission_id": row["submission_id"], "case_id": row["case_id"]}
        receipt = receipt_from(row)
        return Known(**ids, receipt=receipt, lines=complete(lines, **ids, receipt=receipt))


def _position(cursor: str | None, *, epoch: str) -> int | None:
    """The position in a cursor ``<epoch>-<position>``.

    None if it is malformed or of another epoch: after the loss of the schema, positions are given anew.
    """
    if not cursor:
        return 0
    of_epoch, dash, position = cursor.partition("-")
    wellformed = dash and position.isascii() and position.isdigit() and len(position) < len(str(2**63))
    return int(position) if wellformed and of_epoch == epoch else None


def _lines(rows: Sequence[asyncpg.Record]) -> list[Line]:
    return [Line(**{name: row[name] for name in Line.__dataclass_fields__}) for row in rows]

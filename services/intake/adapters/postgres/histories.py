"""Reading histories and the feed; another client's rows are not found, like those that do not exist."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.intake.adapters.cursor import Cursors
from services.intake.adapters.postgres.receipts import receipt_from
from services.intake.ports import FeedPage, Known
from shared.case_history.lines import HistoryLine, complete
from shared.postgres.pool import Pool, reaching_postgres

LINE_COLUMNS: Final = ("event_id", "case_id", "submission_id", "at", "code", "detail", "authority")
"""What ``history`` keeps of a line."""

_SUBMISSION: Final = (
    "SELECT * FROM receipts WHERE submission_id = $1 AND client_id = $2 AND taken_at IS NOT NULL"
)
_REFERENCE: Final = """
SELECT * FROM receipts WHERE client_reference_hash = $1 AND client_id = $2 AND taken_at IS NOT NULL
ORDER BY received_at DESC LIMIT 20
"""
_NUMBER: Final = (
    "SELECT * FROM receipts WHERE receipt_number = $1 AND client_id = $2 AND taken_at IS NOT NULL"
)
_CASE: Final = """
SELECT * FROM receipts WHERE case_id = $1 AND client_id = $2 AND taken_at IS NOT NULL AND kind = 'submission'
"""
_LINES: Final = "SELECT * FROM history WHERE case_id = $1 AND client_id = $2 ORDER BY at, position"
_HEAD: Final = "SELECT epoch, position FROM feed"
_FEED: Final = "SELECT * FROM history WHERE client_id = $1 AND position > $2 ORDER BY position LIMIT $3"


class PostgresHistories:
    """Implements `services.intake.ports.Histories`; raises ``Unavailable``."""

    def __init__(self, pool: Pool, *, cursors: Cursors) -> None:
        self._pool = pool
        self._cursors = cursors

    async def submission(self, submission_id: UUID, *, client_id: str) -> Known | None:
        return await self._known(_SUBMISSION, submission_id, client_id)

    async def by_reference(self, reference_hash: str, *, client_id: str) -> Sequence[Known]:
        with reaching_postgres():
            rows = await self._pool.fetch(_REFERENCE, reference_hash, client_id)
        return [await self._told(row) for row in rows]

    async def by_number(self, receipt_number: str, *, client_id: str) -> Known | None:
        return await self._known(_NUMBER, receipt_number, client_id)

    async def case(self, case_id: UUID, *, client_id: str) -> Known | None:
        return await self._known(_CASE, case_id, client_id)

    async def feed(self, client_id: str, *, after: str | None, limit: int) -> FeedPage | None:
        with reaching_postgres():
            [head] = await self._pool.fetch(_HEAD)
            epoch, end = head["epoch"], head["position"]
            of_feed = {"client_id": client_id, "epoch": epoch}
            position = self._cursors.read(after, **of_feed) if after else 0
            if position is None or position > end:
                return None  # beyond the end: what comes next would be skipped
            rows = await self._pool.fetch(_FEED, client_id, position, limit + 1)
        shown = rows[:limit]
        reached = shown[-1]["position"] if shown else position
        return FeedPage(
            lines=_lines(shown), next=self._cursors.write(reached, **of_feed), more=len(rows) > limit
        )

    async def _known(self, query: str, asked: UUID | str, client_id: str) -> Known | None:
        with reaching_postgres():
            row = await self._pool.fetchrow(query, asked, client_id)
        return None if row is None else await self._told(row)

    async def _told(self, row: asyncpg.Record) -> Known:
        with reaching_postgres():
            return known_from(row, await self._pool.fetch(_LINES, row["case_id"], row["client_id"]))


def known_from(row: asyncpg.Record, lines: Sequence[asyncpg.Record]) -> Known:
    """What a row of ``receipts`` and those of ``history`` say, with the receipt before all."""
    ids = {"submission_id": row["submission_id"], "case_id": row["case_id"]}
    receipt = receipt_from(row)
    told = complete(_lines(lines), **ids, received_at=receipt.received_at)
    return Known(**ids, receipt=receipt, lines=told, client_reference=row["client_reference"])


def _lines(rows: Sequence[asyncpg.Record]) -> list[HistoryLine]:
    return [HistoryLine(**{name: row[name] for name in LINE_COLUMNS}) for row in rows]

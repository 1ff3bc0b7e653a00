"""Erasures that were ordered and not carried out yet, from the log itself; and the pages that held a key, written anew."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import asyncpg
import orjson

from services.audit.domain.erasure import Ordered
from services.audit.domain.leaf import Leaf
from services.audit.domain.pseudonyms import Pseudonymizer
from shared.events.envelope import event_type
from shared.events.erasure import CaseErased, EraseOrdered
from shared.postgres.pool import Pool, reaching_postgres

_ORDERED: Final = """
WITH ordered AS (
    SELECT DISTINCT e.case_ref FROM entries e JOIN keys k ON k.log = e.log AND k.owner = e.case_ref AND k.key IS NOT NULL
    WHERE e.log = (SELECT id FROM logs WHERE origin = $1) AND e.type = 'de.amtsweg.EraseOrdered.v1' LIMIT 100
)
SELECT e.case_ref, e.leaf, p.sealed, k.key
FROM ordered JOIN entries e ON e.log = (SELECT id FROM logs WHERE origin = $1) AND e.case_ref = ordered.case_ref
JOIN payloads p ON p.log = e.log AND p.index = e.index
JOIN keys k ON k.log = e.log AND k.owner = e.case_ref
WHERE e.type = ANY($2::text[])
ORDER BY e.case_ref, e.index
"""
_PART: Final = """
SELECT tableoid::regclass::text FROM keys WHERE log = (SELECT id FROM logs WHERE origin = $1) AND owner = $2
"""

_NOT_WRITTEN_ANEW: Final = """
SELECT owner FROM keys WHERE log = (SELECT id FROM logs WHERE origin = $1) AND NOT written_anew LIMIT 100
"""
_WRITTEN_ANEW: Final = """
UPDATE keys SET written_anew = TRUE WHERE log = (SELECT id FROM logs WHERE origin = $1) AND owner = $2
"""


class PostgresErasures:
    """One log's orders to erase."""

    def __init__(self, pool: Pool, *, origin: str, secrecy: Pseudonymizer) -> None:
        self._pool = pool
        self._origin = origin
        self._secrecy = secrecy

    async def ordered(self) -> Sequence[Ordered]:
        """What was ordered, with the reports on it."""
        types = [event_type(EraseOrdered), event_type(CaseErased)]
        with reaching_postgres():
            rows = await self._pool.fetch(_ORDERED, self._origin, types)
        return [
            self._ordered(case.hex, [self._event(row) for row in its])
            for case, its in groupby(rows, key=lambda row: row["case_ref"])
        ]

    async def not_written_anew(self) -> Sequence[str]:
        """The cases that are erased and whose keys' pages are not written anew yet, be it because of a crash."""
        with reaching_postgres():
            rows = await self._pool.fetch(_NOT_WRITTEN_ANEW, self._origin)
        return [row["owner"].hex for row in rows]

    async def write_anew(self, case: str) -> None:
        """Rewrite the part of the table of keys that held the case's key, so that no page of it does.

        The log waits for a moment: it is one part of 32.
        """
        with reaching_postgres():
            part = await self._pool.fetchval(_PART, self._origin, case)
            if part is not None:
                await self._pool.execute(f"vacuum full {part}")
            await self._pool.execute("vacuum payloads")
            await self._pool.execute(_WRITTEN_ANEW, self._origin, case)

    def _event(self, row: asyncpg.Record) -> dict[str, Any]:
        leaf = Leaf.from_bytes(row["leaf"])
        payload = self._secrecy.open(row["sealed"], key=row["key"], leaf_id=leaf.id).payload
        event: dict[str, Any] = orjson.loads(payload)
        return event

    @staticmethod
    def _ordered(case: str, events: Sequence[dict[str, Any]]) -> Ordered:
        orders = [event for event in events if event["type"] == event_type(EraseOrdered)]
        told = [event for event in events if event["type"] == event_type(CaseErased)]
        reports = [CaseErased.from_json(orjson.dumps(event["data"])) for event in told]
        return Ordered(
            case=case,
            at=datetime.fromisoformat(orders[0]["time"]),
            order=EraseOrdered.from_json(orjson.dumps(orders[0]["data"])),
            reports={report.holder: report for report in reports},
        )

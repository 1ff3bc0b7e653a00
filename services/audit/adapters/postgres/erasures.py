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
with ordered as (
    select distinct e.case_ref from entries e join keys k on k.log = e.log and k.owner = e.case_ref and k.key is not null
    where e.log = (select id from logs where origin = $1) and e.type = 'de.amtsweg.EraseOrdered.v1' limit 100
)
select e.case_ref, e.leaf, p.sealed, k.key
from ordered join entries e on e.log = (select id from logs where origin = $1) and e.case_ref = ordered.case_ref
join payloads p on p.log = e.log and p.index = e.index
join keys k on k.log = e.log and k.owner = e.case_ref
where e.type = any($2::text[])
order by e.case_ref, e.index
"""
_PART: Final = """
select tableoid::regclass::text from keys where log = (select id from logs where origin = $1) and owner = $2
"""

_NOT_WRITTEN_ANEW: Final = """
select owner from keys where log = (select id from logs where origin = $1) and not written_anew limit 100
"""
_WRITTEN_ANEW: Final = """
update keys set written_anew = true where log = (select id from logs where origin = $1) and owner = $2
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

"""The store of receipts, schema ``intake``: one statement per step, each atomic by itself, for all that come at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from services.intake.domain.admission import EntryStanding, ReceiptEntry
from shared.errors import Unavailable
from shared.events.submission import Receipt
from shared.postgres.gathered_calls import GatheredCalls
from shared.postgres.pool import Pool, reaching_postgres
from shared.service.periodic import repeat
from shared.telemetry.metrics import Telemetry

HOLD: Final = timedelta(seconds=15)
"""How long an attempt holds its entry: longer than it may take. Whoever dies holding it delays a repetition so long."""

_COLUMNS: Final = {
    "submission_id": "uuid",
    "case_id": "uuid",
    "client_id": "text",
    "client_reference": "text",
    "client_reference_hash": "text",
    "service": "text",
    "language": "text",
    "receipt_number": "text",
    "received_at": "timestamptz",
    "content_hash": "text",
    "request_hash": "text",
    "kind": "text",
    "channels": "text",
}
_NAMES: Final = ", ".join(_COLUMNS)
_ARRAYS: Final = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_COLUMNS.values(), 1))
# In order, so that two processes that enter the same ones never wait for each other.
_ENTER: Final = f"""
WITH asked AS (SELECT * FROM unnest({_ARRAYS}) AS asked ({_NAMES})),
fresh AS (
    INSERT INTO receipt_ids (submission_id) SELECT submission_id FROM asked ORDER BY submission_id
    ON CONFLICT DO NOTHING RETURNING submission_id
)
INSERT INTO receipts ({_NAMES}, held_until)
SELECT asked.*, now() + ${len(_COLUMNS) + 1} FROM asked JOIN fresh USING (submission_id)
RETURNING submission_id
"""  # noqa: S608 - made of constants
_FIND: Final = """
SELECT *, taken_at IS NOT NULL AS taken, held_until > now() AS running FROM receipts
WHERE submission_id = ANY ($1::uuid[])
"""
_CLAIM: Final = """
UPDATE receipts SET held_until = now() + $2
WHERE submission_id = $1 AND held_until <= now() AND taken_at IS NULL
RETURNING true
"""
_OPEN: Final = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(received_at)), 0)::float8 AS oldest
FROM receipts WHERE taken_at IS NULL AND held_until < now()
"""
_COUNT_EVERY: Final = timedelta(seconds=15)
_SECONDS: Final = 5.0
"""How long one statement for many entries may take; a server that no longer answers must not hold them for longer."""

# Not forced to disk: a note that is lost in a crash is made up for (`ReceiptStore.settle`).
_SETTLE: Final = """
WITH unforced AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE receipts
SET held_until = now(), taken_at = CASE WHEN settled.taken THEN coalesce(taken_at, now()) ELSE taken_at END
FROM unforced, unnest($1::uuid[], $2::boolean[]) AS settled (submission_id, taken)
WHERE receipts.submission_id = settled.submission_id
"""
_WITHDRAW: Final = """
WITH gone AS (DELETE FROM receipts WHERE submission_id = $1 AND taken_at IS NULL RETURNING submission_id)
DELETE FROM receipt_ids USING gone WHERE receipt_ids.submission_id = gone.submission_id
"""


class PostgresReceipts:
    """Implements `services.intake.ports.ReceiptStore`; raises ``Unavailable`` where that may fail.

    What comes at once shares statements: one of them and its commit cost more than all else that intake does.
    """

    def __init__(self, pool: Pool, *, hold: timedelta = HOLD) -> None:
        self._pool = pool
        self._hold = hold
        self._log = structlog.get_logger().bind(part="receipts")
        self._entering = GatheredCalls(self._enter, key=lambda entry: entry.submission_id)
        self._settling = GatheredCalls(self._settle, key=lambda attempt: attempt[0])

    async def enter(self, entry: ReceiptEntry) -> EntryStanding | None:
        standing = await self._entering(entry)
        if isinstance(standing, Unavailable):
            raise standing
        return standing

    async def claim(self, submission_id: UUID) -> bool:
        with reaching_postgres():
            return bool(await self._pool.fetchval(_CLAIM, submission_id, self._hold))

    async def settle(self, submission_id: UUID, *, taken: bool) -> None:
        try:
            await self._settling((submission_id, taken))
        except Unavailable as away:
            self._log.warning("attempt not noted", submission_id=str(submission_id), error=away)

    async def withdraw(self, submission_id: UUID) -> None:
        try:
            with reaching_postgres():
                await self._pool.execute(_WITHDRAW, submission_id, timeout=2)
        except Unavailable as away:
            self._log.warning("entry not withdrawn", submission_id=str(submission_id), error=away)

    async def _enter(self, entries: Sequence[ReceiptEntry]) -> Sequence[EntryStanding | Unavailable | None]:
        columns = zip(*map(_row, entries), strict=True)
        with reaching_postgres():
            rows = await self._pool.fetch(_ENTER, *columns, self._hold, timeout=_SECONDS)
            entered = {row["submission_id"] for row in rows}
            known = [each.submission_id for each in entries if each.submission_id not in entered]
            found = await self._pool.fetch(_FIND, known, timeout=_SECONDS) if known else ()
        standing = dict.fromkeys(entered) | {row["submission_id"]: _standing(row) for row in found}
        gone = Unavailable("the entry went while it was looked for")
        return [standing.get(each.submission_id, gone) for each in entries]

    async def _settle(self, attempts: Sequence[tuple[UUID, bool]]) -> Sequence[None]:
        # In order, as `projection` goes: it updates the same rows at the same time, and neither may wait for the other.
        ids, taken = zip(*sorted(attempts), strict=True)
        with reaching_postgres():
            await self._pool.execute(_SETTLE, ids, taken, timeout=2)
        return [None] * len(attempts)


class OpenEntries:
    """Shows entries whose event Kafka has not confirmed: each waits for its sender to repeat the request."""

    def __init__(self, pool: Pool, *, telemetry: Telemetry) -> None:
        self._pool = pool
        self._telemetry = telemetry

    async def run(self) -> None:
        """Count until cancelled."""
        await repeat(self._count, every=_COUNT_EVERY, part="open entries", failure="open entries not counted")

    async def _count(self) -> None:
        with reaching_postgres():
            row = await self._pool.fetchrow(_OPEN)
        if row is not None:
            self._telemetry.set("waiting", row["count"], kind="receipt-open")
            self._telemetry.set("oldest_seconds", row["oldest"], kind="receipt-open")


def _row(entry: ReceiptEntry) -> tuple[Any, ...]:
    """What `_COLUMNS` names."""
    receipt = entry.receipt
    return (
        entry.submission_id,
        entry.case_id,
        receipt.client_id,
        entry.client_reference,
        receipt.client_reference_hash,
        receipt.service,
        receipt.language,
        receipt.receipt_number,
        receipt.received_at,
        receipt.content_hash,
        entry.request_hash,
        entry.kind,
        written_channels(receipt),
    )


def _standing(row: asyncpg.Record) -> EntryStanding:
    return EntryStanding(
        entry=ReceiptEntry(
            submission_id=row["submission_id"],
            case_id=row["case_id"],
            receipt=receipt_from(row),
            request_hash=row["request_hash"],
            client_reference=row["client_reference"],
            kind=row["kind"],
        ),
        taken=row["taken"],
        running=row["running"],
    )


def receipt_from(row: "asyncpg.Record | dict[str, Any]") -> Receipt:
    """The receipt in a row of ``receipts``; what was valid when it was written is not validated again."""
    found = {name: row[name] for name in Receipt.model_fields}
    channels = found["channels"]
    return Receipt.model_construct(**found | {"channels": tuple(channels.split(",")) if channels else None})


def written_channels(receipt: Receipt) -> str | None:
    """The column ``channels`` of ``receipts``."""
    return ",".join(receipt.channels) if receipt.channels else None

"""The store of receipts, schema ``intake``: one statement per step, each atomic by itself."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from services.intake.domain.admission import EntryStanding, ReceiptEntry
from shared.errors import Unavailable
from shared.events.submission import Receipt
from shared.postgres.pool import Pool, reaching_postgres
from shared.service.periodic import repeat
from shared.telemetry.metrics import Telemetry

HOLD: Final = timedelta(seconds=15)
"""How long an attempt holds its entry: longer than it may take. Whoever dies holding it delays a repetition so long."""

_ENTER: Final = """
WITH fresh AS (INSERT INTO receipt_ids (submission_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING submission_id)
INSERT INTO receipts (submission_id, case_id, client_id, client_reference, client_reference_hash, service, language,
                      receipt_number, received_at, content_hash, request_hash, kind, channels, held_until)
SELECT submission_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now() + $14 FROM fresh
RETURNING true
"""
_FIND: Final = """
SELECT *, taken_at IS NOT NULL AS taken, held_until > now() AS running FROM receipts WHERE submission_id = $1
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
# Not forced to disk: a note that is lost in a crash is made up for (`ReceiptStore.settle`).
_SETTLE: Final = """
WITH unforced AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE receipts SET held_until = now(), taken_at = CASE WHEN $2 THEN coalesce(taken_at, now()) ELSE taken_at END
FROM unforced WHERE submission_id = $1
"""
_WITHDRAW: Final = """
WITH gone AS (DELETE FROM receipts WHERE submission_id = $1 AND taken_at IS NULL RETURNING submission_id)
DELETE FROM receipt_ids USING gone WHERE receipt_ids.submission_id = gone.submission_id
"""


class PostgresReceipts:
    """Implements `services.intake.ports.ReceiptStore`; raises ``Unavailable`` where that may fail."""

    def __init__(self, pool: Pool, *, hold: timedelta = HOLD) -> None:
        self._pool = pool
        self._hold = hold
        self._log = structlog.get_logger().bind(part="receipts")

    async def enter(self, entry: ReceiptEntry) -> EntryStanding | None:
        receipt = entry.receipt
        with reaching_postgres():
            entered = await self._pool.fetchval(
                _ENTER,
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
                self._hold,
            )
            row = None if entered else await self._pool.fetchrow(_FIND, entry.submission_id)
        if row is None:
            return None
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

    async def claim(self, submission_id: UUID) -> bool:
        with reaching_postgres():
            return bool(await self._pool.fetchval(_CLAIM, submission_id, self._hold))

    async def settle(self, submission_id: UUID, *, taken: bool) -> None:
        try:
            with reaching_postgres():
                await self._pool.execute(_SETTLE, submission_id, taken, timeout=2)
        except Unavailable as away:
            self._log.warning("attempt not noted", submission_id=str(submission_id), error=away)

    async def withdraw(self, submission_id: UUID) -> None:
        try:
            with reaching_postgres():
                await self._pool.execute(_WITHDRAW, submission_id, timeout=2)
        except Unavailable as away:
            self._log.warning("entry not withdrawn", submission_id=str(submission_id), error=away)


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


def receipt_from(row: "asyncpg.Record | dict[str, Any]") -> Receipt:
    """The receipt in a row of ``receipts``; what was valid when it was written is not validated again."""
    found = {name: row[name] for name in Receipt.model_fields}
    channels = found["channels"]
    return Receipt.model_construct(**found | {"channels": tuple(channels.split(",")) if channels else None})


def written_channels(receipt: Receipt) -> str | None:
    """The column ``channels`` of ``receipts``."""
    return ",".join(receipt.channels) if receipt.channels else None

"""From the bus into the histories: rows and offsets in the engine's one transaction."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.intake.domain.history import Line, line, receipt_of
from shared.events.envelope import Event, decode
from shared.events.payload import Payload
from shared.events.submission import Receipt
from shared.events.topics import consumed_by
from shared.kafka.records import Record
from shared.postgres.pool import Connection

TOPICS: Final = {topic.name: topic.payloads for topic in consumed_by("intake")}

# The lock that orders the feed. It is held until this transaction commits, so that whoever reads a position
# has every smaller one before him; a sequence would hand out numbers that become visible in any order.
_LOCK: Final = "SELECT position FROM feed FOR UPDATE"
_PLACED: Final = "UPDATE feed SET position = $1"

# The first event of a submission is right, also over the book: what was entered anew after the book had come back
# from a backup has another time and number, and everybody else knows the first.
_RECEIPTS: Final = """
INSERT INTO receipts AS known (submission_id, case_id, client_id, client_reference_hash, service, language,
                               receipt_number, received_at, content_hash, held_until, taken_at, told_at)
SELECT *, now(), now(), now() FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
                                   $7::text[], $8::timestamptz[], $9::text[])
ON CONFLICT (submission_id) DO UPDATE SET
    taken_at = coalesce(known.taken_at, now()), told_at = now(), receipt_number = excluded.receipt_number,
    received_at = excluded.received_at, content_hash = excluded.content_hash, service = excluded.service,
    language = excluded.language, client_reference_hash = excluded.client_reference_hash,
    client_reference = CASE WHEN known.client_reference_hash = excluded.client_reference_hash
                            THEN known.client_reference END,
    request_hash = CASE WHEN known.content_hash = excluded.content_hash THEN known.request_hash END
WHERE known.told_at IS NULL
"""
_LINES: Final = """
INSERT INTO history (event_id, case_id, submission_id, at, code, detail, authority)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
ON CONFLICT (event_id) DO NOTHING
"""
# Both ids: of a case that the router does not know it repeats what an authority says about the submission.
_PLACE: Final = """
WITH placeable AS (
    SELECT event_id, receipts.client_id, row_number() OVER (ORDER BY at, arrival) AS place
    FROM history JOIN receipts USING (submission_id, case_id)
    WHERE position IS NULL AND submission_id = ANY ($1) AND taken_at IS NOT NULL
), placed AS (
    UPDATE history SET client_id = placeable.client_id, position = $2 + place
    FROM placeable WHERE history.event_id = placeable.event_id
    RETURNING 1
)
SELECT count(*) FROM placed
"""


class HistoryProjection:
    """Implements `shared.engine.Projector`.

    Topics are read independently: a line whose case nobody has named yet stays unplaced, invisible, until an
    event arrives that repeats the facts of receipt.
    """

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        """Add the records' lines, once each.

        Raises:
            Undecodable: one of the records is not an event of its topic.
        """
        events = [decode(record.value, record.headers, TOPICS[record.topic]) for record in records]
        lines = [line(event) for event in events]
        position: int = await connection.fetchval(_LOCK)
        await connection.execute(_RECEIPTS, *_receipt_columns(events))
        await connection.execute(_LINES, *_line_columns(lines))
        placed: int = await connection.fetchval(_PLACE, [each.submission_id for each in lines], position)
        if placed:
            await connection.execute(_PLACED, position + placed)


def _receipt_columns(events: Sequence[Event[Payload]]) -> tuple[list[object], ...]:
    found: dict[UUID, tuple[UUID, Receipt]] = {}
    for event in events:
        if receipt := receipt_of(event):
            found.setdefault(event.submission_id, (event.case_id, receipt))
    return (
        list(found),
        [case_id for case_id, _ in found.values()],
        *(
            [getattr(receipt, column) for _, receipt in found.values()]
            for column in (
                "client_id",
                "client_reference_hash",
                "service",
                "language",
                "receipt_number",
                "received_at",
                "content_hash",
            )
        ),
    )


def _line_columns(lines: Sequence[Line]) -> tuple[list[object], ...]:
    columns = ("event_id", "case_id", "submission_id", "at", "code", "detail", "authority")
    return tuple([getattr(each, column) for each in lines] for column in columns)

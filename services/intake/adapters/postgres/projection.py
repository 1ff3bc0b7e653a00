"""From the bus into the histories: rows and offsets in the engine's one transaction."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.intake.adapters.postgres import messages
from services.intake.adapters.postgres.histories import LINE_COLUMNS
from services.intake.adapters.postgres.receipts import written_channels
from services.intake.domain.history import receipt_of
from shared.case_history.lines import HistoryLine, line
from shared.events.case import CaseMessage
from shared.events.envelope import Event, carries, encode
from shared.events.erasure import CaseErased, EraseOrdered, RemainingCopy
from shared.events.ids import child_id
from shared.events.payload import Payload
from shared.events.retention import gone_after
from shared.events.submission import Receipt
from shared.events.supplement import SupplementReceived, WithdrawalReceived
from shared.events.topics import CASE_ERASED, CASE_SUBMITTED, SUBMISSION_RECEIVED
from shared.kafka.records import Record
from shared.postgres import outbox
from shared.postgres.pool import Connection

# The lock that orders the feed. It is held until this transaction commits, so that whoever reads a position
# has every smaller one before it; a sequence would hand out numbers that become visible in any order.
_LOCK: Final = "SELECT position FROM feed FOR UPDATE"
_PLACED: Final = "UPDATE feed SET position = $1"

# The first event of a submission is right, also over the store: what was entered anew after the store had come back
# from a backup has another time and number, and everybody else knows the first.
_TOLD: Final = """
unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
       $9::text[], $10::text[], $11::text[])
AS told (submission_id, case_id, client_id, client_reference_hash, service, language, receipt_number, received_at,
         content_hash, kind, channels)
"""
_NEW_RECEIPTS: Final = f"""
WITH fresh AS (
    INSERT INTO receipt_ids (submission_id) SELECT submission_id FROM {_TOLD}
    ON CONFLICT DO NOTHING RETURNING submission_id
)
INSERT INTO receipts (submission_id, case_id, client_id, client_reference_hash, service, language, receipt_number,
                      received_at, content_hash, kind, channels, held_until, taken_at, told_at)
SELECT told.*, now(), now(), now() FROM {_TOLD} JOIN fresh USING (submission_id)
"""  # noqa: S608 - no value of anybody's
_KNOWN_RECEIPTS: Final = f"""
UPDATE receipts AS known SET
    taken_at = coalesce(known.taken_at, now()), told_at = now(), receipt_number = told.receipt_number,
    received_at = told.received_at, content_hash = told.content_hash, service = told.service,
    language = told.language, channels = told.channels, client_reference_hash = told.client_reference_hash,
    client_reference = CASE WHEN known.client_reference_hash = told.client_reference_hash
                            THEN known.client_reference END,
    request_hash = CASE WHEN known.content_hash = told.content_hash THEN known.request_hash END
FROM {_TOLD} WHERE known.submission_id = told.submission_id AND known.told_at IS NULL
"""  # noqa: S608 - no value of anybody's
_LINES: Final = """
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
    WITH ORDINALITY AS told (event_id, case_id, submission_id, at, code, detail, authority, turn)
), fresh AS (
    INSERT INTO history_ids (event_id) SELECT event_id FROM told ON CONFLICT DO NOTHING RETURNING event_id
)
INSERT INTO history (event_id, case_id, submission_id, at, code, detail, authority)
SELECT event_id, case_id, submission_id, at, code, detail, authority FROM told JOIN fresh USING (event_id) ORDER BY turn
"""
# Both ids: of a case that the router does not know it repeats what an authority says about the submission.
_PLACE: Final = """
WITH placeable AS (
    SELECT event_id, history.written_on, receipts.client_id, row_number() OVER (ORDER BY at, arrival) AS place
    FROM history JOIN receipts USING (submission_id, case_id)
    WHERE position IS NULL AND submission_id = ANY ($1) AND taken_at IS NOT NULL
), placed AS (
    UPDATE history SET client_id = placeable.client_id, position = $2 + place
    FROM placeable WHERE history.event_id = placeable.event_id AND history.written_on = placeable.written_on
    RETURNING 1
)
SELECT count(*) FROM placed
"""


_ERASED: Final = "INSERT INTO erased_cases (case_id) VALUES ($1) ON CONFLICT DO NOTHING"
_ERASE_RECEIPTS: Final = f"""
UPDATE receipts SET client_reference = NULL, client_reference_hash = NULL, request_hash = NULL, content_hash = 'hmac-sha256:{"0" * 64}'
FROM erased_cases WHERE receipts.case_id = erased_cases.case_id AND erased_cases.case_id = ANY ($1)
"""  # noqa: S608 - no value of anybody's
_SEALED_GONE_AFTER: Final = gone_after(SUBMISSION_RECEIVED) or timedelta.max
_KINDS: Final[dict[type[Payload], str]] = {
    SupplementReceived: "supplement",
    WithdrawalReceived: "withdrawal",
}


async def project(
    connection: Connection, events: Sequence[Event[Payload]], taken_away: Sequence[Record]
) -> None:
    """Add the events' lines, once each, and drop the messages that were taken away.

    Topics are read independently: a line whose case nobody has named yet stays unplaced, invisible, until an
    event arrives that repeats the facts of receipt.
    """
    orders = [event for event in events if carries(event, EraseOrdered)]
    lines = list({event.id: line(event) for event in events}.values())
    position: int = await connection.fetchval(_LOCK)
    receipts = _receipt_columns(events)
    await connection.execute(_NEW_RECEIPTS, *receipts)
    await connection.execute(_KNOWN_RECEIPTS, *receipts)
    await connection.execute(_LINES, *_line_columns(lines))
    placed: int = await connection.fetchval(_PLACE, [each.submission_id for each in lines], position)
    if placed:
        await connection.execute(_PLACED, position + placed)
    await messages.keep(connection, [event for event in events if carries(event, CaseMessage)])
    await messages.drop(connection, taken_away)
    await _erase(connection, {event.case_id for event in events}, orders)


async def _erase(
    connection: Connection, touched: Collection[UUID], orders: Sequence[Event[EraseOrdered]]
) -> None:
    """Destroy what the receipts of erased cases say about a person, also what an event has brought back."""
    await connection.executemany(_ERASED, [(order.case_id,) for order in orders])
    await connection.execute(_ERASE_RECEIPTS, sorted(touched))
    await messages.erase(connection, touched)
    await outbox.enqueue(connection, *(encode(_report(order), CASE_ERASED.name) for order in orders))


def _report(order: Event[EraseOrdered]) -> Event[CaseErased]:
    until = order.time + _SEALED_GONE_AFTER
    copies = tuple(
        RemainingCopy(what=topic.name, until=until) for topic in (SUBMISSION_RECEIVED, CASE_SUBMITTED)
    )
    told = CaseErased(
        holder="intake",
        order_id=order.id,
        gone=("client reference", "hashes of content and request", "messages of the authority"),
        remaining=copies,
    )
    return Event(
        id=child_id(order.id, "erased-intake"),
        source="urn:amtsweg:intake",
        time=order.time,
        case_id=order.case_id,
        submission_id=order.submission_id,
        data=told,
        traceparent=order.traceparent,
    )


def _receipt_columns(events: Sequence[Event[Payload]]) -> tuple[list[object], ...]:
    found: dict[UUID, tuple[UUID, Receipt]] = {}
    kinds: dict[UUID, str] = {}
    for event in events:
        if receipt := receipt_of(event):
            found.setdefault(event.submission_id, (event.case_id, receipt))
            kinds.setdefault(event.submission_id, _KINDS.get(type(event.data), "submission"))
    found = dict(
        sorted(found.items())
    )  # as `receipts` goes, so that neither waits for a row that the other holds
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
        [kinds[each] for each in found],
        [written_channels(receipt) for _, receipt in found.values()],
    )


def _line_columns(lines: Sequence[HistoryLine]) -> tuple[list[object], ...]:
    return tuple([getattr(each, column) for each in lines] for column in LINE_COLUMNS)

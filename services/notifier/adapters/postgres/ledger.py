"""Cases and planned messages in PostgreSQL, inside the transaction that also stores the offsets."""

import json
from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from services.notifier.adapters.postgres.settlements import settlement
from services.notifier.domain.case import Case, ContactState
from services.notifier.domain.message import RECIPIENT, ApplicantMessage, Told
from services.notifier.domain.period import Progress
from services.notifier.domain.states import before, next_channel
from shared.events.case import CaseMessage
from shared.events.envelope import Event, encode
from shared.events.erasure import CaseErased, EraseOrdered
from shared.events.ids import child_id, message_id
from shared.events.notification import NotificationRead, NotificationSettled
from shared.events.payload import Sealed
from shared.events.topics import CASE_ERASED
from shared.postgres import outbox
from shared.postgres.pool import Connection

_CASES = "SELECT id, contact_state, contact, told, handled, closed_at, progress FROM cases WHERE id = ANY($1) FOR UPDATE"

_REMOVED = "SELECT case_id FROM removed_cases WHERE case_id = ANY($1)"

_KEEP_CASE = """
    INSERT INTO cases (id, contact_state, contact, told, handled, closed_at, progress)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO UPDATE SET contact_state = excluded.contact_state, contact = excluded.contact,
        told = excluded.told, handled = excluded.handled, closed_at = excluded.closed_at, progress = excluded.progress
"""

_SAID = """submission_id, occurred_at, receipt_number, received_at, service, language, authority, templates, facts,
    client_id, channels, notice"""

# A message that is there already was settled before: its fate was replayed first, or this is a replay. What it says is
# needed once more where another channel takes over.
_KEEP_MESSAGE = f"""
    INSERT INTO messages (id, case_id, kind, revision, recipient, channel, {_SAID}, state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 'created')
    ON CONFLICT (id) DO UPDATE SET ({_SAID}) = ROW(excluded.submission_id, excluded.occurred_at,
        excluded.receipt_number, excluded.received_at, excluded.service, excluded.language, excluded.authority,
        excluded.templates, excluded.facts, excluded.client_id, excluded.channels, excluded.notice)
    WHERE messages.submission_id IS NULL AND messages.settled_at IS NOT NULL
"""  # noqa: S608 - the columns are ours

_STANDING = """
    SELECT m.id, m.case_id, m.kind, m.revision, m.recipient, m.channel, m.channels, m.state, m.unread_days
    FROM messages m JOIN cases c ON c.id = m.case_id
    WHERE m.id = ANY($1) AND m.state IN ('failed', 'unread', 'unknown') AND m.submission_id IS NOT NULL
      AND c.contact_state <> 'erased'
"""

_FALL_BACK = f"""
    INSERT INTO messages (id, case_id, kind, revision, recipient, channel, {_SAID}, state)
    SELECT $2, case_id, kind, revision, recipient, $3, {_SAID}, 'created' FROM messages WHERE id = $1
    ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 - the columns are ours

_CLOSE = """
    INSERT INTO messages (id, case_id, kind, revision, recipient, channel, state, attempts, settled_at, reason,
                          unread_days, repeats, handed_over_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, CASE WHEN $7::text = 'sent' THEN $9::timestamptz END
    WHERE NOT EXISTS (SELECT FROM removed_cases WHERE case_id = $2)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, reason = excluded.reason,
        settled_at = excluded.settled_at, unread_days = excluded.unread_days, repeats = greatest(messages.repeats, excluded.repeats), lease = NULL,
        leased_until = NULL, handed_over_at = coalesce(messages.handed_over_at, excluded.handed_over_at)
    WHERE messages.settled_at IS NULL AND messages.retries = 0
        OR messages.state IN ('failed', 'unknown') AND messages.settled_at < excluded.settled_at
        OR messages.state = ANY($12) AND messages.settled_at <= excluded.settled_at
"""

# Of an erased case nothing is left to be said.
_READ = """
    UPDATE messages SET state = 'delivered', settled_at = $3
    WHERE id = $1 AND case_id = $2 AND channel = 'mailbox' AND submission_id IS NOT NULL AND state = ANY($4)
    RETURNING kind, revision, attempts
"""


# Of an erased case nothing is kept, nor of a removed one, whatever is read later.
_NOTE = """
    INSERT INTO notices (about, case_id, sealed)
    SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM cases WHERE id = $2 AND contact_state = 'erased')
      AND NOT EXISTS (SELECT FROM removed_cases WHERE case_id = $2)
    ON CONFLICT (about) DO NOTHING
"""
_FORGET_NOTICES = "DELETE FROM notices WHERE case_id = ANY($1)"
_TRACE = "traceparent"

# What is under way is settled first; then a later batch, or the next message of the case, silences it as well.
_TAKE_BACK = "DELETE FROM messages WHERE case_id = ANY($1) AND state = 'created'"
_SILENCE = """
    UPDATE messages SET receipt_number = NULL, received_at = NULL, submission_id = NULL, occurred_at = NULL,
        facts = '{}'
    WHERE case_id = ANY($1) AND settled_at IS NOT NULL AND receipt_number IS NOT NULL
"""


class PostgresCaseStore:
    """The `CaseStore` on a connection whose transaction the caller commits.

    Most batches hold few kinds of events: a statement about nothing would be a round trip for nothing.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def cases(self, ids: Collection[UUID]) -> Sequence[Case]:
        return [_case(row) for row in await self._connection.fetch(_CASES, sorted(ids))] if ids else ()

    async def removed(self, ids: Collection[UUID]) -> Collection[UUID]:
        return await removed_cases(self._connection, ids)

    async def keep(self, cases: Collection[Case], messages: Sequence[ApplicantMessage]) -> None:
        await self._write(_KEEP_CASE, [_case_row(case) for case in cases])
        await self._write(_KEEP_MESSAGE, [_message_row(m) for m in messages])
        await self._fall_back([message.id for message in messages])

    async def note(self, notices: Sequence[Event[CaseMessage]]) -> None:
        await self._write(_NOTE, [row for event in notices for row in _notice_rows(event)])

    async def close(self, settled: Sequence[Event[NotificationSettled]]) -> None:
        await self._write(_CLOSE, [_settled_row(event) for event in settled])
        await self._fall_back([event.data.message_id for event in settled])

    async def note_read(self, reports: Sequence[Event[NotificationRead]]) -> None:
        for event in reports:
            read = event.data
            row = await self._connection.fetchrow(
                _READ, read.message_id, event.case_id, read.read_at, sorted(before("delivered"))
            )
            if row is not None:
                told = NotificationSettled(
                    message_id=read.message_id,
                    channel="mailbox",
                    outcome="delivered",
                    settled_at=read.read_at,
                    **dict(row),
                )
                await outbox.enqueue(
                    self._connection,
                    settlement(
                        told, cause="delivered", case_id=event.case_id, submission_id=event.submission_id
                    ),
                )

    async def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            await self._connection.executemany(statement, rows)

    async def _fall_back(self, ids: Sequence[UUID]) -> None:
        """Plan on the next channel what the one before has not brought to the applicant; once, by its derived id."""
        for row in await self._connection.fetch(_STANDING, ids) if ids else ():
            channel = next_channel(
                tuple(row["channels"]),
                row["channel"],
                kind=row["kind"],
                state=row["state"],
                unread_days=row["unread_days"],
            )
            if channel is not None:
                own_id = message_id(row["case_id"], row["kind"], row["revision"], row["recipient"], channel)
                await self._connection.execute(_FALL_BACK, row["id"], own_id, channel)

    async def erase(self, cases: Collection[UUID], orders: Sequence[Event[EraseOrdered]]) -> None:
        for statement in (_TAKE_BACK, _SILENCE, _FORGET_NOTICES) if cases else ():
            await self._connection.execute(statement, sorted(cases))
        await outbox.enqueue(
            self._connection, *(encode(_report(order), CASE_ERASED.name) for order in orders)
        )


async def removed_cases(connection: Connection, ids: Collection[UUID]) -> Collection[UUID]:
    """Those of these ids whose cases were removed; asked after the cases have been locked that are there."""
    rows = await connection.fetch(_REMOVED, list(ids)) if ids else ()
    return {row["case_id"] for row in rows}


def _report(order: Event[EraseOrdered]) -> Event[CaseErased]:
    told = CaseErased(holder="notifier", order_id=order.id, gone=("contact", "messages"))
    return Event(
        id=child_id(order.id, "erased-notifier"),
        source="urn:amtsweg:notifier",
        time=order.time,
        case_id=order.case_id,
        submission_id=order.submission_id,
        data=told,
        traceparent=order.traceparent,
    )


def _notice_rows(event: Event[CaseMessage]) -> list[tuple[object, ...]]:
    """By the id of the event that told the same answer's effect: both follow from the answer."""
    told = event.data
    if told.notice is None:
        return []
    about = child_id(told.answer_id, told.kind)
    return [(about, event.case_id, told.notice.model_dump_json(by_alias=True))]


def contact_of(state: str, sealed: str | None) -> ContactState:
    """Return the contact from its two columns."""
    if sealed is not None:
        return Sealed.model_validate_json(sealed)
    return "none" if state == "none" else "erased" if state == "erased" else "unheard"


def _case(row: asyncpg.Record) -> Case:
    return Case(
        row["id"],
        contact=contact_of(row["contact_state"], row["contact"]),
        told=tuple(Told(*told) for told in json.loads(row["told"])),
        handled=frozenset(row["handled"]),
        closed_at=row["closed_at"],
        progress=Progress.read(json.loads(row["progress"])),
    )


def _case_row(case: Case) -> tuple[object, ...]:
    sealed = None if isinstance(case.contact, str) else case.contact.model_dump_json(by_alias=True)
    told = json.dumps([(told.kind, told.revision, told.authority) for told in case.told])
    state = case.contact if isinstance(case.contact, str) else "sealed"
    progress = json.dumps(case.progress.written())
    return case.id, state, sealed, told, sorted(case.handled), case.closed_at, progress


def _message_row(message: ApplicantMessage) -> tuple[object, ...]:
    return (
        message.id,
        message.case_id,
        message.kind,
        message.revision,
        RECIPIENT,
        message.channel,
        message.submission_id,
        message.occurred_at,
        message.receipt_number,
        message.received_at,
        message.service,
        message.language,
        message.authority,
        message.templates,
        facts_column(message),
        message.client_id,
        list(message.channels),
        message.notice,
    )


def facts_column(message: ApplicantMessage) -> str:
    """The facts as they are kept, the trace context among them; erased together."""
    trace = {} if message.traceparent is None else {_TRACE: message.traceparent}
    return json.dumps({**message.facts, **trace})


def facts_of(column: str) -> tuple[dict[str, str], str | None]:
    """The facts, and the trace context."""
    facts = json.loads(column)
    return facts, facts.pop(_TRACE, None)


def _settled_row(event: Event[NotificationSettled]) -> tuple[object, ...]:
    settled = event.data
    return (
        settled.message_id,
        event.case_id,
        settled.kind,
        settled.revision,
        RECIPIENT,
        settled.channel,
        settled.outcome,
        settled.attempts,
        settled.settled_at,
        settled.reason,
        settled.unread_days,
        sorted(before(settled.outcome, settled.reason)),
        settled.repeats,
    )

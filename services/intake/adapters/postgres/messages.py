"""Messages of the authorities: read from the bus until the client has confirmed them, sealed all the way."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from services.intake.adapters.cursor import Cursors
from services.intake.ports import AuthorityMessage, MessagePage
from shared.events.case import CaseMessage
from shared.events.envelope import Event, Message
from shared.events.topics import CASE_MESSAGE
from shared.kafka.records import Record
from shared.postgres import outbox
from shared.postgres.pool import Connection, Pool, reaching_postgres, transaction

MOST_BYTES: Final = 4 * 1024 * 1024
"""How much sealed content one page has at most, unless its first message alone is larger."""

_KEEP: Final = """
WITH fresh AS (INSERT INTO message_ids (message_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING message_id)
INSERT INTO messages (message_id, case_id, client_id, submission_id, answer_id, at, authority, kind, outcome, content)
SELECT message_id, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM fresh
"""
_TAKEN_AWAY: Final = "DELETE FROM messages WHERE message_id = ANY ($1)"
_OF_ERASED: Final = """
DELETE FROM messages USING erased_cases
WHERE messages.case_id = erased_cases.case_id AND erased_cases.case_id = ANY ($1) RETURNING message_id
"""
_CONFIRM: Final = (
    "DELETE FROM messages WHERE message_id = $1 AND case_id = $2 AND client_id = $3 RETURNING message_id"
)
_HEAD: Final = "SELECT epoch FROM feed"
_PAGE: Final = """
SELECT * FROM (
    SELECT *, row_number() OVER whole AS place, sum(octet_length(content)) OVER whole AS bytes
    FROM messages WHERE case_id = $1 AND client_id = $2 AND position > $3
    WINDOW whole AS (ORDER BY position)
) AS found WHERE place <= $4 AND (place = 1 OR coalesce(bytes, 0) <= $5) ORDER BY position
"""
_MORE: Final = (
    "SELECT EXISTS (SELECT FROM messages WHERE case_id = $1 AND client_id = $2 AND position > $3) AS more"
)


async def keep(connection: Connection, events: Sequence[Event[CaseMessage]]) -> None:
    """Add the messages, once each."""
    await connection.executemany(_KEEP, [_row(event) for event in events])


async def drop(connection: Connection, tombstones: Sequence[Record]) -> None:
    """Remove what has been taken away from the topic."""
    ids = [found for record in tombstones if (found := _id(record.key)) is not None]
    await connection.execute(_TAKEN_AWAY, ids)


async def erase(connection: Connection, cases: Collection[UUID]) -> None:
    """Take away the messages of those of these cases that are erased, here and on the topic."""
    rows = await connection.fetch(_OF_ERASED, sorted(cases))
    await outbox.enqueue(connection, *(_tombstone(row["message_id"]) for row in rows))


class PostgresMessages:
    """Implements `services.intake.ports.Messages`; raises ``Unavailable``."""

    def __init__(self, pool: Pool, *, cursors: Cursors) -> None:
        self._pool = pool
        self._cursors = cursors

    async def page(
        self, case_id: UUID, *, client_id: str, after: str | None, limit: int
    ) -> MessagePage | None:
        with reaching_postgres():
            [head] = await self._pool.fetch(_HEAD)
            of_case = {"client_id": f"{client_id}/{case_id}", "epoch": head["epoch"]}
            start = self._cursors.read(after, **of_case) if after else 0
            if start is None:
                return None
            rows = await self._pool.fetch(_PAGE, case_id, client_id, start, limit, MOST_BYTES)
            reached = rows[-1]["position"] if rows else start
            [rest] = await self._pool.fetch(_MORE, case_id, client_id, reached)
        shown = [
            AuthorityMessage(**{name: row[name] for name in AuthorityMessage.__dataclass_fields__})
            for row in rows
        ]
        return MessagePage(messages=shown, next=self._cursors.write(reached, **of_case), more=rest["more"])

    async def confirm(self, message_id: UUID, *, case_id: UUID, client_id: str) -> None:
        with reaching_postgres():
            async with transaction(self._pool) as connection:
                if await connection.fetchval(_CONFIRM, message_id, case_id, client_id):
                    await outbox.enqueue(connection, _tombstone(message_id))


def _tombstone(message_id: UUID) -> Message:
    return Message(CASE_MESSAGE.name, str(message_id).encode(), None)


def _id(key: bytes | None) -> UUID | None:
    try:
        return UUID((key or b"").decode())
    except ValueError:
        return None  # none of ours; there is nothing to remove


def _row(event: Event[CaseMessage]) -> tuple[object, ...]:
    told = event.data
    content = None if told.content is None else told.content.model_dump_json(by_alias=True)
    return (
        event.id,
        event.case_id,
        told.receipt.client_id,
        event.submission_id,
        told.answer_id,
        event.time,
        told.authority,
        told.kind,
        told.outcome,
        content,
    )

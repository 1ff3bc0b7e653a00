"""Messages that wait, in PostgreSQL: leases, states and outcomes; changes that come at once share a transaction.

Leases go by PostgreSQL's clock, so that two machines whose clocks differ do not send the same mail.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID, uuid4

import asyncpg

from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import contact_of, facts_of
from services.notifier.adapters.postgres.settlements import settlement
from services.notifier.adapters.postgres.store import reaching_store, transaction
from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.told_by import DATED
from services.notifier.domain.uncertain import ASKED
from services.notifier.ports import Claim
from shared.events.envelope import Message
from shared.events.notification import NotificationSettled
from shared.events.payload import Sealed
from shared.events.submission import Channel
from shared.postgres import outbox
from shared.postgres.gathered_calls import GatheredCalls
from shared.postgres.pool import Pool, reaching_postgres

_COLUMNS = """
    m.case_id, m.submission_id, m.kind, m.revision, m.occurred_at, m.receipt_number, m.received_at, m.service,
    m.language, m.authority, m.templates, m.facts, m.client_id, m.channels, m.channel, m.notice, m.attempts, m.repeats,
    m.retries, m.created_at,
    c.contact_state, c.contact, (SELECT sealed FROM notices n WHERE n.about = m.notice) AS sealed_notice,
    EXISTS (SELECT FROM messages e WHERE e.case_id = m.case_id AND e.channel = m.channel AND e.state = 'failed'
            AND e.reason IN ('refused', 'bounced')) AS suppressed
"""

# On one channel a case's receipt goes first, then its news in the order in which they were planned. A contact that
# has not been heard of usually lies in an event that is still to be read, so its messages wait a while. What an
# authority has sealed to us was published together with what calls for the message: it is waited for shortly.
_CLAIM = f"""
    WITH due AS MATERIALIZED (
        SELECT m.id FROM messages m JOIN cases c ON c.id = m.case_id
        WHERE m.channel = $4 AND m.state = 'created' AND m.due_at <= now() AND (m.leased_until IS NULL OR m.leased_until < now())
          AND (c.contact_state <> 'unheard' OR m.created_at < now() - interval '1 hour')
          AND (m.notice IS NULL OR m.created_at < now() - interval '1 minute'
               OR EXISTS (SELECT FROM notices n WHERE n.about = m.notice))
          AND (NOT $5 OR (m.kind = ANY ($6) AND m.channel <> m.channels[cardinality(m.channels)]))
          AND ($5 OR NOT EXISTS (
              SELECT FROM messages e
              WHERE e.case_id = m.case_id AND e.channel = m.channel AND e.state IN ('created', 'sending')
                AND (e.kind <> 'receipt', e.position) < (m.kind <> 'receipt', m.position)))
        ORDER BY m.due_at, m.position LIMIT $1 FOR UPDATE OF m SKIP LOCKED)
    UPDATE messages m SET lease = $2, leased_until = now() + $3
    FROM due, cases c WHERE m.id = due.id AND c.id = m.case_id
    RETURNING {_COLUMNS}
"""  # noqa: S608 - the columns are ours

_BEGIN = """
    UPDATE messages SET state = 'sending', leased_until = now() + $3
    WHERE id = $1 AND lease = $2 AND state = 'created' AND leased_until > now() RETURNING id
"""

_SETTLE = """
    UPDATE messages SET state = $3, attempts = $4, settled_at = $5, reason = $6, lease = NULL, leased_until = NULL,
        handed_over_at = CASE WHEN $3::text = 'sent' THEN $5::timestamptz END
    WHERE id = $1 AND lease = $2 AND settled_at IS NULL RETURNING id
"""
_SETTLE_AND_SAY = outbox.saying(_SETTLE, parameters=6)

_POSTPONE = """
    UPDATE messages SET state = 'created', attempts = $3, due_at = now() + $4, lease = NULL, leased_until = NULL,
        repeats = $5
    WHERE id = $1 AND lease = $2 AND settled_at IS NULL
"""

_STRANDED = f"""
    WITH stranded AS MATERIALIZED (
        SELECT id FROM messages WHERE channel = $3 AND state = 'sending' AND leased_until < now()
        ORDER BY leased_until LIMIT 100 FOR UPDATE SKIP LOCKED)
    UPDATE messages m SET lease = $1, leased_until = now() + $2
    FROM stranded, cases c WHERE m.id = stranded.id AND c.id = m.case_id
    RETURNING {_COLUMNS}
"""  # noqa: S608 - the columns are ours

_WAITING = """
    SELECT count(*) FILTER (WHERE state = 'created') AS created,
           count(*) FILTER (WHERE state = 'sending') AS sending,
           coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS oldest_seconds
    FROM messages WHERE state IN ('created', 'sending')
"""

_LACKING = """
    SELECT EXISTS (SELECT FROM messages m JOIN cases c ON c.id = m.case_id
                   WHERE m.state = 'created' AND c.contact_state = 'unheard')
"""

# Where another channel has taken over, nobody has to act.
_UNKNOWN = """
    SELECT count(*) AS unknown,
           count(*) FILTER (WHERE kind = ANY($1) AND channel = channels[cardinality(channels)]
                            AND submission_id IS NOT NULL) AS asked
    FROM messages WHERE state = 'unknown'
"""


_Change = tuple[object, ...]
"""The parameters of one message's change, its id first."""

_Outcome = bool | Exception


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many messages wait, are under way, or have an unknown outcome; the age of the oldest that waits.

    ``asked``: of the unknown ones, those that the law asks for and that only an operator can settle.
    """

    created: int
    sending: int
    unknown: int
    asked: int
    oldest_seconds: float


class PostgresQueue:
    """The `Queue` of one channel. ``lease`` must be longer than whoever carries its messages may take for one."""

    def __init__(
        self, pool: Pool, *, lease: timedelta, history: StoreHistory, channel: Channel = "email"
    ) -> None:
        self._channel = channel
        self._pool = pool
        self._lease = lease
        self._history = history
        self._beginning = GatheredCalls(self._change(_BEGIN), key=_message)
        self._settling = GatheredCalls(self._change(_SETTLE_AND_SAY), key=_message)

    async def claim(self, most: int, *, dated: bool = False) -> Sequence[Claim]:
        lease = uuid4()
        async with transaction(self._pool) as connection:
            await self._history.verify(connection)
            rows = await connection.fetch(
                _CLAIM, most, lease, self._lease, self._channel, dated, sorted(DATED)
            )
        return [_claim(row, lease) for row in rows]

    async def begin(self, claim: Claim) -> bool:
        return _told(await self._beginning((claim.message.id, claim.lease, self._lease)))

    async def settle(self, claim: Claim, settled: NotificationSettled) -> bool:
        change = (
            settled.message_id,
            claim.lease,
            settled.outcome,
            settled.attempts,
            settled.settled_at,
            settled.reason,
            *outbox.row(_said(claim, settled)),
        )
        return _told(await self._settling(change))

    async def postpone(
        self, claim: Claim, *, attempts: int, pause: timedelta, repeats: int | None = None
    ) -> None:
        told = claim.repeats if repeats is None else repeats
        await self._execute(_POSTPONE, claim.message.id, claim.lease, attempts, pause, told)

    async def stranded(self) -> Sequence[Claim]:
        lease = uuid4()
        async with transaction(self._pool) as connection:
            await self._history.verify(connection)
            rows = await connection.fetch(_STRANDED, lease, self._lease, self._channel)
        return [_claim(row, lease) for row in rows]

    async def lacks_contacts(self) -> bool:
        """True if messages wait for a contact that is not known yet."""
        async with transaction(self._pool) as connection:
            return bool(await connection.fetchval(_LACKING))

    async def standing(self) -> QueueCounts:
        """Return what health and metrics show."""
        async with transaction(self._pool) as connection:
            waiting = await connection.fetchrow(_WAITING)
            unknown = await connection.fetchrow(_UNKNOWN, sorted(ASKED))
        return QueueCounts(**dict(waiting or {}), **dict(unknown or {}))

    def _change(self, statement: str) -> Callable[[Sequence[_Change]], Awaitable[Sequence[_Outcome]]]:
        """Changes that come at once share a round trip and a commit; whether each was made, in their order.

        Where the store is there and refuses them, each is tried alone: what is wrong with one is no other's fault.
        """

        async def once(changes: Sequence[_Change]) -> Sequence[_Outcome]:
            with reaching_store(), reaching_postgres():
                made = {row["id"] for row in await self._pool.fetchmany(statement, changes)}
            return [_message(change) in made for change in changes]

        async def work(changes: Sequence[_Change]) -> Sequence[_Outcome]:
            try:
                return await once(changes)
            except (asyncpg.PostgresError, ValueError) as error:  # ValueError: an argument that does not fit
                if len(changes) == 1:
                    return [error]
                return [outcome for change in changes for outcome in await work([change])]

        return work

    async def _execute(self, statement: str, *arguments: object) -> str:
        """One statement is a transaction by itself; to begin and to commit it apart would be two more round trips."""
        with reaching_store(), reaching_postgres():
            return str(await self._pool.execute(statement, *arguments))


def _message(change: _Change) -> UUID:
    return cast("UUID", change[0])


def _told(outcome: _Outcome) -> bool:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _said(claim: Claim, settled: NotificationSettled) -> Message:
    """While we hold the lease nobody orders another try, so that the event's id is known before anything is written."""
    return settlement(
        settled,
        cause=f"settled-{claim.retries}" if claim.retries else "settled",
        case_id=claim.message.case_id,
        submission_id=claim.message.submission_id,
    )


def _claim(row: asyncpg.Record, lease: UUID) -> Claim:
    facts, traceparent = facts_of(row["facts"])
    return Claim(
        message=ApplicantMessage(
            case_id=row["case_id"],
            submission_id=row["submission_id"],
            kind=row["kind"],
            revision=row["revision"],
            occurred_at=row["occurred_at"],
            receipt_number=row["receipt_number"],
            received_at=row["received_at"],
            service=row["service"],
            language=row["language"],
            authority=row["authority"],
            templates=row["templates"],
            facts=facts,
            traceparent=traceparent,
            client_id=row["client_id"],
            channels=tuple(row["channels"]),
            channel=row["channel"],
            notice=row["notice"],
        ),
        contact=contact_of(row["contact_state"], row["contact"]),
        attempts=row["attempts"],
        repeats=row["repeats"],
        retries=row["retries"],
        created_at=row["created_at"],
        lease=lease,
        notice=None if row["sealed_notice"] is None else Sealed.model_validate_json(row["sealed_notice"]),
        suppressed=row["suppressed"],
    )

"""Audit's consumer: turns records of the audited topics into leaves; leaves and offsets share one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from services.audit.adapters.postgres.ledger import PostgresLedger
from services.audit.domain.pending_entry import PendingEntry
from services.audit.ports import GROUP, Ledger
from services.audit.settings import Settings
from shared.engine import Plan
from shared.events.topic_names import dead_letter_topic, sealed_dead_letter_topic
from shared.events.topics import Topic, audited
from shared.kafka.records import Record
from shared.postgres.pool import Connection

AUDITED: Final = audited()
_PORTION: Final = 1000

Read = Callable[[Sequence[Record]], Awaitable[Sequence[PendingEntry]]]
Append = Callable[[Sequence[PendingEntry], Ledger], Awaitable[object]]


class AuditProjection:
    """The `Projector` of the audit log."""

    def __init__(self, read: Read, append: Append, *, origin: str) -> None:
        self._read = read
        self._append = append
        self._origin = origin

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        """Append one leaf for each record whose event is not in the log yet.

        While one portion is appended, the next is read.

        Raises:
            Undecodable: one of the records is not an event of its topic.
        """
        ledger = PostgresLedger(connection, origin=self._origin)
        portions = [records[start : start + _PORTION] for start in range(0, len(records), _PORTION)]
        reading = asyncio.ensure_future(self._read(portions[0]))
        try:
            for following in (*portions[1:], None):
                facts = await reading
                if following is not None:
                    reading = asyncio.ensure_future(self._read(following))
                await self._append(facts, ledger)
        finally:
            reading.cancel()


def sequencing(settings: Settings, *, topics: Sequence[Topic] = AUDITED) -> Plan:
    """One sequencer over all audited topics; a second replica stands by."""
    return Plan(
        group=GROUP,
        inputs=tuple(topic.name for topic in topics),
        dead_letters=dead_letter_topic(GROUP),
        sealed_dead_letters=sealed_dead_letter_topic(GROUP),
        keeps_operations=True,
        single_task=True,
        instance=settings.instance,
        batch_size=settings.batch_size,
        batch_wait=settings.batch_wait,
    )

"""Records of the audited topics become facts; the engine's transaction makes leaves and offsets one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

from services.audit.adapters.postgres.ledger import PostgresLedger
from services.audit.domain.fact import Fact, Position, fact_of_record
from services.audit.domain.secrecy import Secrecy
from services.audit.ports import Ledger
from shared.events.payload import Payload
from shared.events.topics import Topic
from shared.runtime.postgres import Connection
from shared.runtime.records import Record

_PORTION: Final = 1000

Append = Callable[[Sequence[Fact], Ledger], Awaitable[object]]


class AuditProjection:
    """What the engine of the runtime applies to each batch."""

    def __init__(self, append: Append, *, origin: str, secrecy: Secrecy, topics: Iterable[Topic]) -> None:
        self._append = append
        self._origin = origin
        self._secrecy = secrecy
        self._payloads: Mapping[str, Sequence[type[Payload]]] = {t.name: t.payloads for t in topics}

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        """Append one leaf for each record whose event is not in the log yet.

        While PostgreSQL takes one portion, a thread reads the next: reading costs most of our processor time,
        and done at once it would hold up everything else in the process for a quarter of a second.

        Raises:
            Undecodable: one of the records is not an event of its topic.
        """
        ledger = PostgresLedger(connection, origin=self._origin)
        portions = [records[start : start + _PORTION] for start in range(0, len(records), _PORTION)]
        reading = self._begin(portions[0])
        try:
            for following in (*portions[1:], ()):
                facts = await reading
                reading = self._begin(following)
                await self._append(facts, ledger)
        finally:
            reading.cancel()

    def _begin(self, records: Sequence[Record]) -> asyncio.Task[Sequence[Fact]]:
        return asyncio.create_task(asyncio.to_thread(self._facts, records))

    def _facts(self, records: Sequence[Record]) -> Sequence[Fact]:
        return [
            fact_of_record(
                record.value,
                record.headers,
                position=Position(record.topic, record.partition, record.offset),
                payloads=self._payloads[record.topic],
                secrecy=self._secrecy,
            )
            for record in records
        ]

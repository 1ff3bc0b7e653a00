"""Records of the audited topics become facts; the engine's transaction makes leaves and offsets one."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from services.audit.adapters.postgres.ledger import PostgresLedger
from services.audit.domain.fact import Fact, Position, fact_of_record
from services.audit.domain.secrecy import Secrecy
from services.audit.ports import Ledger
from shared.events.payload import Payload
from shared.events.topics import Topic
from shared.runtime.postgres import Connection
from shared.runtime.records import Record

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

        Raises:
            Undecodable: one of the records is not an event of its topic.
        """
        facts = [
            fact_of_record(
                record.value,
                record.headers,
                position=Position(record.topic, record.partition, record.offset),
                payloads=self._payloads[record.topic],
                secrecy=self._secrecy,
            )
            for record in records
        ]
        await self._append(facts, PostgresLedger(connection, origin=self._origin))

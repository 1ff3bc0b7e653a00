"""What a service gives to the Kafka-to-PostgreSQL engine: effects within a transaction."""

from collections.abc import Sequence
from typing import Protocol

from shared.kafka.records import Record
from shared.postgres.pool import Connection


class Projector(Protocol):
    """What a service makes of records, inside a transaction that also stores how far it has read."""

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        """Write the records' effects through this connection and nowhere else.

        Records of one partition come in offset order. Emitted events are written with ``outbox.enqueue`` on
        the same connection.

        Raises:
            Undecodable: one of the records cannot be read; the engine finds it and dead-letters it.
            Unavailable: try again after a pause.
        """

"""What a service gives to the Kafka-to-PostgreSQL engine: its effects within a transaction."""

from collections.abc import Sequence
from typing import Protocol

from shared.kafka.records import Record
from shared.postgres.pool import Connection


class Projector(Protocol):
    """A service's reaction to records, inside the transaction that also stores the next offsets."""

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        """Write the records' effects through this connection and nowhere else.

        Records of one partition come in offset order. Events are emitted with ``outbox.enqueue`` on the same connection.

        Raises:
            Undecodable: one of the records cannot be read; the engine finds it and makes it a dead letter.
            Unavailable: all of the records are tried again after a pause.
        """

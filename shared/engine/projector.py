"""What a service gives to the Kafka-to-PostgreSQL engine: effects within a transaction, and its plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from shared.kafka.records import Record
from shared.postgres.pool import Connection


class Projection(Protocol):
    """What a service makes of records, inside a transaction that also stores how far it has read."""

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        """Write the records' effects through this connection and nowhere else.

        Records of one partition come in offset order. Emitted events are written with ``outbox.enqueue`` on
        the same connection.

        Raises:
            Undecodable: one of the records cannot be read; the engine finds it and dead-letters it.
            Unavailable: try again after a pause.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an engine reads, and how.

    Partition n of each input is read by one task; with ``single_task`` one task reads everything and a second
    replica stands by. A batch ends at ``batch_size`` records, or ``batch_wait`` after its first.
    """

    group: str
    inputs: tuple[str, ...]
    dead_letters: str
    single_task: bool = False
    instance: str | None = None
    batch_size: int = 500
    batch_wait: timedelta = timedelta(milliseconds=20)

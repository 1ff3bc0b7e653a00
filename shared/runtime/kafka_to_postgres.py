"""Effects and next offsets in one PostgreSQL transaction: what intake's history, notifier and audit run on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import asyncpg

from shared.runtime.records import Record

Connection = asyncpg.Connection[asyncpg.Record]


class Projection(Protocol):
    """What a service makes of records, inside a transaction that also stores how far it has read."""

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        """Write the records' effects through this connection and nowhere else.

        Emitted events are written with ``outbox.enqueue`` on the same connection.

        Raises:
            Undecodable: one of the records cannot be read; the engine finds it and dead-letters it.
            Unavailable: try again after a pause.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an engine reads, and in which schema it keeps its offsets and outbox.

    ``single_task``: one sequencer over all partitions, a second replica stands by; otherwise a task per
    partition number over all topics. A batch ends at ``batch_size`` records or after ``batch_wait``.
    """

    group: str
    inputs: tuple[str, ...]
    schema: str
    dead_letters: str
    single_task: bool = False
    instance: str | None = None
    batch_size: int = 500
    batch_wait: timedelta = timedelta(milliseconds=20)

"""Detects that the store was replaced: another server may have forgotten what was sent.

After a failover or a restore the offsets of the inputs may lie in the past, and messages that were sent wait
again. Nothing may be claimed before the inputs have been replayed once more, to ends that are noted anew.
"""

from collections.abc import Mapping
from datetime import datetime

from aiokafka.structs import TopicPartition

from services.notifier.ports import StoreAway
from shared.postgres.pool import Connection

_OFFSETS = """
    SELECT pg_postmaster_start_time() AS started, topic, partition, next FROM offsets WHERE consumer = $1
"""


class StoreHistory:
    """What one part of the service has last seen of the store; each has its own, since each must ask anew."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._started: datetime | None = None
        self._applied: dict[TopicPartition, int] = {}

    async def verify(self, connection: Connection) -> Mapping[TopicPartition, int]:
        """Return how far the inputs are applied.

        Raises:
            StoreAway: the server was started anew, or is another one; ask for the replay again.
        """
        rows = await connection.fetch(_OFFSETS, self._consumer)
        applied = {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}
        if any(applied.get(partition, 0) < known for partition, known in self._applied.items()):
            self._applied = applied
            raise StoreAway("the store has come back from the past")
        self._applied = applied
        started = rows[0]["started"] if rows else None
        if started != self._started:
            known, self._started = self._started, started
            if known is not None:
                raise StoreAway("the store was started anew")
        return applied

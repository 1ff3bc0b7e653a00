"""Large objects that stay on their compacted topic and are read by key when a person asks for one.

The index of a partition is built in the background when it is first needed, because only a few objects are ever
read again.
"""

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka.structs import TopicPartition

from shared.engine.origins import TopicOrigins
from shared.errors import Unavailable, Undecodable
from shared.kafka.client import KafkaAddress
from shared.kafka.read_to_end import place_of_fault, read_to_end
from shared.kafka.records import Record


class CompactedTopicReader:
    """The objects of one partition, by key."""

    def __init__(self, address: KafkaAddress, tp: TopicPartition) -> None:
        self._address = address
        self._tp = tp
        self._written: dict[str, int | None] = {}
        self._unreadable = ""
        self._indexing: asyncio.Task[dict[str, int]] | None = None
        self._origins = TopicOrigins(address)

    def note(self, offsets: Mapping[str, int | None]) -> None:
        """Record the offsets that a committed transaction gave to these keys; None removes a key."""
        self._written |= offsets

    async def fetch(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the objects with these keys; keys without an object are left out.

        Raises:
            Unavailable: the index is still being built or Kafka cannot be reached; the record that needs the object waits.
            Undecodable: an object lies in a batch that cannot be read, or may lie there because it is not found.
        """
        if self._indexing is None or (self._indexing.done() and self._indexing.exception()):
            self._indexing = asyncio.ensure_future(self._index())
        if not self._indexing.done():
            raise Unavailable(f"{self._tp.topic}, partition {self._tp.partition}: the index is being built")
        index = self._indexing.result()
        found = {}
        for key in keys:
            offset = self._written[key] if key in self._written else index.get(key)
            if offset is not None and (record := await self._read(offset)) is not None:
                found[key] = record
            elif self._unreadable and key not in self._written:
                raise Undecodable(f"what it needs may lie in {self._unreadable}")
        return found

    async def close(self) -> None:
        """Stop indexing and close the reader."""
        if self._indexing is not None:
            self._indexing.cancel()
        await self._origins.close()

    async def _index(self) -> dict[str, int]:
        index: dict[str, int] = {}
        self._unreadable = ""
        async for records in read_to_end(self._address, {self._tp: 0}, faults=True):
            for record in records:
                if record.fault is not None:
                    self._unreadable = place_of_fault(record)
                    continue
                key = (record.key or b"").decode()
                if record.value is None:
                    index.pop(key, None)
                else:
                    index[key] = record.offset
        return index

    async def _read(self, offset: int) -> Record | None:
        record = await self._origins.fetch(self._tp, offset)
        if record is not None and record.fault is not None:
            raise Undecodable(f"what it needs lies in {place_of_fault(record)}")
        return record

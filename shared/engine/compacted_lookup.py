"""Large objects that stay on their compacted topic and are read by key when a person asks for one.

The index of a partition is built in the background when it is first needed, because only a few objects are ever
read again.
"""

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable, Undecodable
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.read_to_end import place_of_fault, read_to_end, record_at
from shared.kafka.records import Record


class CompactedTopicReader:
    """The objects of one partition, by key."""

    def __init__(self, address: KafkaAddress, tp: TopicPartition) -> None:
        self._address = address
        self._tp = tp
        self._written: dict[str, int | None] = {}
        self._unreadable = ""
        self._indexing: asyncio.Task[dict[str, int]] | None = None
        self._reader: AIOKafkaConsumer | None = None

    def note(self, offsets: Mapping[str, int | None]) -> None:
        """Record the offsets that a committed transaction gave to these keys; None removes a key."""
        self._written |= offsets

    async def fetch(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the objects with these keys; keys without an object are left out.

        Raises:
            Unavailable: the index is still being built or Kafka cannot be reached; the record that needs the object waits.
            Undecodable: an object is not found, and may lie in a batch that cannot be read.
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
        if self._reader is not None:
            await close(self._reader)

    async def _index(self) -> dict[str, int]:
        index: dict[str, int] = {}
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
        try:
            if self._reader is None:
                self._reader = reader(self._address)
                await self._reader.start()
                self._reader.assign([self._tp])
            return await record_at(self._reader, self._tp, offset)
        except KafkaError as error:
            raise Unavailable(f"{self._tp.topic}: {type(error).__name__}") from error

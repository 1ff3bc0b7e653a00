"""``case.answered.v1`` as the store of answers reads it: from where its mark is to the end.

Answers in a batch that nobody can read are left out: the router could not apply them either, so they may come again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.events.topics import CASE_ANSWERED
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record

_ANSWER_SECONDS: Final = 30.0


class AnsweredRecords:
    """What the doors have published; places are offsets by partition number. Raises as `read_to_end` does."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._partitions: Sequence[TopicPartition] = ()
        self._asking: AIOKafkaConsumer | None = None

    async def ends(self) -> tuple[int, ...]:
        """Behind the last record of each partition."""
        if not self._partitions:
            self._partitions = sorted(await partitions_of(self._address, CASE_ANSWERED.name))
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                if self._asking is None:
                    self._asking = reader(self._address, committed=False)
                    await self._asking.start()
                ends = await self._asking.end_offsets(self._partitions)
        except (KafkaError, TimeoutError) as away:
            await self.close()
            raise Unavailable(
                f"{CASE_ANSWERED.name}: its ends are not known: {type(away).__name__}"
            ) from away
        return tuple(ends[tp] for tp in self._partitions)

    async def close(self) -> None:
        """End the connection on which the ends are asked; kept, since with each new one both sides reckon for milliseconds."""
        asking, self._asking = self._asking, None
        if asking is not None:
            await close(asking)

    def since(self, places: Sequence[int]) -> AsyncIterator[list[Record]]:
        """All from these places on, as far as Kafka still has them; a partition's batch at a time."""
        starts = {TopicPartition(CASE_ANSWERED.name, number): place for number, place in enumerate(places)}
        return read_to_end(self._address, starts, faults=True)

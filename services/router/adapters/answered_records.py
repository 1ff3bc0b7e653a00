"""``case.answered.v1`` as the store of answers reads it: from where its mark is to the end.

Answers in a batch that nobody can read are left out: the router could not apply them either, so they may come again.
"""

from collections.abc import AsyncIterator, Sequence

from aiokafka.structs import TopicPartition

from shared.events.topics import CASE_ANSWERED
from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import ends_of, read_to_end
from shared.kafka.records import Record


class AnsweredRecords:
    """What the doors have published; places are offsets by partition number. Raises as `read_to_end` does."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._partitions: Sequence[TopicPartition] = ()

    async def ends(self) -> tuple[int, ...]:
        """Behind the last record of each partition."""
        if not self._partitions:
            self._partitions = sorted(await partitions_of(self._address, CASE_ANSWERED.name))
        ends = await ends_of(self._address, self._partitions)
        return tuple(ends[tp] for tp in self._partitions)

    def since(self, places: Sequence[int]) -> AsyncIterator[list[Record]]:
        """All from these places on, as far as Kafka still has them; a partition's batch at a time."""
        starts = {TopicPartition(CASE_ANSWERED.name, number): place for number, place in enumerate(places)}
        return read_to_end(self._address, starts, faults=True)

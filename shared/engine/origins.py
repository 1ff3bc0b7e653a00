"""Single records read again from their positions: to replay dead letters, and for what a record needs."""

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.raw_fetch import is_of_a_batch, salvaged
from shared.kafka.read_to_end import record_at
from shared.kafka.records import Record


class TopicOrigins:
    """Reads single records; its consumer stays open until ``close``, because orders come in series."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._reader: AIOKafkaConsumer | None = None

    async def fetch(self, tp: TopicPartition, offset: int) -> Record | None:
        """The record at this position, with a fault if it cannot be read; None if it certainly no longer exists.

        Raises:
            Unavailable: Kafka has not answered.
        """
        try:
            if self._reader is None:
                self._reader = reader(self._address)
                await self._reader.start()
            self._reader.assign([tp])
            return await record_at(self._reader, tp, offset)
        except Unavailable:
            raise
        except Exception as error:
            if is_of_a_batch(error):
                return await self._salvaged(tp, offset)
            raise Unavailable(f"{tp.topic}: {type(error).__name__}") from error

    async def _salvaged(self, tp: TopicPartition, offset: int) -> Record | None:
        records = await salvaged(self._address, tp, offset)
        # What cannot be read of a batch is one fault, at its last place.
        found = next((record for record in records if record.offset >= offset), None)
        return None if found is None or (found.offset > offset and found.fault is None) else found

    async def close(self) -> None:
        """Close the consumer; the next record opens another."""
        consumer, self._reader = self._reader, None
        if consumer is not None:
            await close(consumer)

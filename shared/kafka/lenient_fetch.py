"""One partition's next records, and past a batch that the client cannot read what of it can be told."""

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.kafka.client import KafkaAddress
from shared.kafka.raw_fetch import is_of_a_batch, salvaged
from shared.kafka.records import Record, consumed


async def next_records(
    consumer: AIOKafkaConsumer,
    tp: TopicPartition,
    *,
    address: KafkaAddress,
    start: int,
    limit: int,
    timeout_ms: int,
) -> list[Record]:
    """Records from ``start`` on, where the consumer stands; what cannot be read is one record with a fault.

    Raises:
        Unavailable: what cannot be read could not be fetched again.
        KafkaError: Kafka, or our access to it.
    """
    try:
        fetched = await consumer.getmany(tp, timeout_ms=timeout_ms, max_records=limit)
    except Exception as error:
        if not is_of_a_batch(error):
            raise
        records = await salvaged(address, tp, start)
        consumer.seek(tp, records[-1].offset + 1)
        return records
    return [consumed(each) for each in fetched.get(tp, ())]

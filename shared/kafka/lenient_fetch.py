"""The next records; of a batch that the client cannot read, what can be recovered."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import LeaderNotAvailableError, NotLeaderForPartitionError
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from shared.kafka.client import KafkaAddress
from shared.kafka.led_partitions import led
from shared.kafka.raw_fetch import Answered, fetch, is_of_a_batch, salvaged
from shared.kafka.records import Record, consumed
from shared.offload import offload


@dataclass(frozen=True, slots=True)
class Fetched:
    """Committed records in order, and ``reached``, the place after them; marks of transactions take places too."""

    records: tuple[Record, ...]
    reached: int


async def fetch_next(
    consumer: AIOKafkaConsumer, tp: TopicPartition, *, address: KafkaAddress, start: int
) -> Fetched:
    """What one request brings from ``start`` on; what cannot be read is one record with a fault.

    The consumer lends its connections and needs no assignment: with each one aiokafka forgets the topics it knew
    and asks for the new ones, which takes a tenth of a second and holds up readers of other partitions.

    Raises:
        OffsetOutOfRangeError: nothing lies at ``start`` any more, or not yet.
        Unavailable: what cannot be read could not be fetched again.
        KafkaError: Kafka, or our access to it.
    """
    client = consumer._client  # noqa: SLF001 - a consumer has no public way to fetch without an assignment
    if not await led(consumer, [tp]):
        raise LeaderNotAvailableError(f"{tp.topic}, partition {tp.partition}: no broker leads it now")
    try:
        answered = await fetch(client, tp, start, wait_ms=0)
    except NotLeaderForPartitionError:
        await client.force_metadata_update()
        answered = await fetch(client, tp, start, wait_ms=0)
    try:
        return await offload(lambda: _read(answered, tp, start), size=len(answered.batches))
    except Exception as error:
        if not is_of_a_batch(error):
            raise
        records = tuple(await salvaged(address, tp, start))
        return Fetched(records, records[-1].offset + 1)


async def fetch_leniently(
    consumer: AIOKafkaConsumer, places: Mapping[TopicPartition, int], *, address: KafkaAddress, wait_ms: int
) -> dict[TopicPartition, list[Record]]:
    """The next records from these places, where the consumer stands; what cannot be read is a record with a fault.

    Raises:
        Unavailable: what cannot be read could not be fetched again.
        KafkaError: Kafka, or our access to it.
    """
    try:
        fetched = await consumer.getmany(*places, timeout_ms=wait_ms)
    except Exception as error:
        if not is_of_a_batch(error):
            raise
    else:
        return {tp: [consumed(each) for each in records] for tp, records in fetched.items()}
    # The client has moved past what it had drained before, and lost it: from its place each partition is asked by itself.
    found: dict[TopicPartition, list[Record]] = {}
    for tp, place in places.items():
        one = await fetch_next(consumer, tp, address=address, start=place)
        consumer.seek(tp, one.reached)
        if one.records:
            found[tp] = [*one.records]
    return found


def _read(answered: Answered, tp: TopicPartition, start: int) -> Fetched:
    batches = MemoryRecords(answered.batches)
    reading = PartitionRecords(
        tp,
        batches,
        answered.aborted,
        start,
        key_deserializer=None,
        value_deserializer=None,
        check_crcs=True,
        isolation_level=READ_COMMITTED,
    )
    records = tuple(map(consumed, reading))
    return Fetched(records, reading.next_fetch_offset)

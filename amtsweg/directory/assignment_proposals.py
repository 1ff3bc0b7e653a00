"""Assignments at the clearing desk, from the permanent topic of decisions."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from aiokafka.structs import TopicPartition

from services.router.adapters.assignments import assignment_in
from services.router.domain.decision.proposals import Assigned
from shared.events.envelope import Undecodable
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record
from shared.kafka.since import first_since


async def assignments(address: KafkaAddress, *, since: datetime) -> list[Assigned]:
    """The assignments since an instant, oldest first.

    Raises:
        Unavailable: Kafka is away, or a transaction hangs.
    """
    starts = await _starts(address, since)
    found = [
        each
        async for batch in read_to_end(address, starts, faults=True)
        for record in batch
        for each in _assigned(record)
    ]
    return sorted(found, key=lambda each: each.at)


def _assigned(record: Record) -> Iterator[Assigned]:
    with suppress(Undecodable):  # it lies in the dead letter of its readers
        if (found := assignment_in(record)) is not None:
            yield found


async def _starts(address: KafkaAddress, since: datetime) -> Mapping[TopicPartition, int]:
    """The first offset of each partition that is not older; a partition without one is left out."""
    partitions = await partitions_of(address, SUBMISSION_ROUTED.name)
    consumer = reader(address)
    try:
        await consumer.start()
        return await first_since(consumer, partitions, since_ms=int(1000 * since.timestamp()))
    finally:
        await close(consumer)

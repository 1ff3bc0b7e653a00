"""The history of one case, read from Kafka on request: the desk keeps no histories.

Each topic lies by case, so one partition of each is read, from the case's receipt on.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.router.ports.console import ToldLine
from shared.case_history.lines import line
from shared.errors import Unavailable
from shared.events.case import AssignOrdered, RedeliverOrdered, RetryOrdered
from shared.events.envelope import Event, Undecodable, decode
from shared.events.payload import Payload
from shared.events.topics import (
    CASE_CLOCK,
    CASE_ORDERED,
    CASE_UPDATED,
    NOTIFICATION_SETTLED,
    SUBMISSION_ROUTED,
)
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record, partition_of
from shared.kafka.since import first_since

TOPICS: Final = {
    topic.name: topic.payloads
    for topic in (SUBMISSION_ROUTED, CASE_ORDERED, CASE_UPDATED, CASE_CLOCK, NOTIFICATION_SETTLED)
}
"""What is told of a case without anything sealed."""

_CLOCKS: Final = timedelta(hours=1)
"""So far the clocks of those who write may differ."""

_PATIENCE: Final = 15.0


class CaseHistories:
    """`services.router.ports.console.ReadHistories`; one is read at a time."""

    def __init__(self, address: KafkaAddress, *, patience: float = _PATIENCE) -> None:
        self._address = address
        self._patience = patience
        self._one = asyncio.Lock()

    async def of(self, case: UUID, *, received_at: datetime) -> Sequence[ToldLine]:
        key = str(case).encode()
        found: list[ToldLine] = []
        try:
            async with asyncio.timeout(self._patience), self._one:
                starts = await self._starts(key, since=received_at - _CLOCKS)
                async for records in read_to_end(self._address, starts, faults=True):
                    mine = [each for each in records if each.key == key or each.fault is not None]
                    found += [told for each in mine if (told := _told(each))]
        except (KafkaError, TimeoutError) as away:
            raise Unavailable(f"the history was not read in {self._patience:g} seconds") from away
        return sorted(found, key=lambda each: each.line.at)

    async def _starts(self, key: bytes, *, since: datetime) -> dict[TopicPartition, int]:
        all_of_them = await partitions_of(self._address, *TOPICS)
        count = len(all_of_them) // len(TOPICS)
        mine = [tp for tp in all_of_them if tp.partition == partition_of(key, count)]
        consumer = reader(self._address)
        try:
            await consumer.start()
            return dict(await first_since(consumer, mine, since_ms=int(since.timestamp() * 1000)))
        finally:
            await close(consumer)


def told_line(event: Event[Payload]) -> ToldLine:
    """What an event adds to the history of its case, as the console tells it."""
    match event.data:
        case AssignOrdered() | RetryOrdered() | RedeliverOrdered() as given:
            return ToldLine(line=line(event), order=given.assignment)
        case _:
            return ToldLine(line=line(event))


def _told(record: Record) -> ToldLine | None:
    """What an unreadable record told is not known; the others are shown."""
    try:
        return told_line(decode(record.value, record.headers, TOPICS[record.topic]))
    except Undecodable as error:
        structlog.get_logger().error("event not read", part="history", error=error)
        return None

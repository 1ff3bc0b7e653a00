"""The operator's orders to services: put on the bus, and what the services report about them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.events import ids
from shared.events.envelope import Event, encode
from shared.events.operation import CloseOrdered, GoOnOrdered, ReplayOrdered, ResumeOrdered, SuspendOrdered
from shared.events.topics import DEAD_LETTER_PARTITIONS, OPERATION_ORDERED, dead_letter_topic
from shared.kafka.client import KafkaAddress, idempotent_producer, reader
from shared.kafka.dead_letters import OrderReport, reported
from shared.kafka.records import consumed

OPERATOR: Final = "operator"
SOURCE: Final = "urn:amtsweg:operator"
WAIT_SECONDS: Final = 20.0
_LOOK_MS: Final = 500
_OF_AUTHORITIES: Final = "doors"

GroupOrder = ReplayOrdered | CloseOrdered | GoOnOrdered


async def give(
    address: KafkaAddress, orders: Sequence[GroupOrder], *, wait_seconds: float = WAIT_SECONDS
) -> list[OrderReport | None]:
    """Give the orders, one after the other; return what became of each, None where no service has said so in time.

    Raises:
        Unavailable: Kafka is away; some of the orders may have arrived.
    """
    letters = {dead_letter_topic(order.group) for order in orders}
    events = [_event(ids.operations_id(order.group), order) for order in orders]
    try:
        async with reader(address) as following:
            following.assign([TopicPartition(t, n) for t in letters for n in range(DEAD_LETTER_PARTITIONS)])
            await following.seek_to_end()
            for tp in following.assignment():
                await following.position(tp)  # the end as it is before anything is ordered
            await _send(address, events)
            told: dict[str, OrderReport] = {}
            try:
                async with asyncio.timeout(wait_seconds):
                    while len(told) < len(orders):
                        fetched = await following.getmany(timeout_ms=_LOOK_MS)
                        for record in (r for records in fetched.values() for r in records):
                            if (report := reported(consumed(record))) is not None:
                                told[report.order] = report
                        told = {
                            id_: report for id_, report in told.items() if id_ in {str(e.id) for e in events}
                        }
            except TimeoutError:
                pass  # what is there has been told
    except KafkaError as away:
        raise Unavailable(
            f"{OPERATION_ORDERED.name}: {type(away).__name__}; it may have arrived all the same"
        ) from away
    return [told.get(str(event.id)) for event in events]


async def put_on_record(address: KafkaAddress, order: SuspendOrdered | ResumeOrdered) -> None:
    """Write an order that the command has carried out itself.

    Raises:
        Unavailable: Kafka is away; it may have arrived all the same.
    """
    try:
        await _send(address, [_event(ids.operations_id(order.authority), order)])
    except KafkaError as away:
        raise Unavailable(
            f"{OPERATION_ORDERED.name}: {type(away).__name__}; it may have arrived all the same"
        ) from away


def _event(
    subject: UUID, order: GroupOrder | SuspendOrdered | ResumeOrdered
) -> Event[GroupOrder | SuspendOrdered | ResumeOrdered]:
    return Event(
        id=uuid4(), source=SOURCE, time=datetime.now(UTC), case_id=subject, submission_id=subject, data=order
    )


async def _send(
    address: KafkaAddress, events: Sequence[Event[GroupOrder | SuspendOrdered | ResumeOrdered]]
) -> None:
    """To the partition of the record that an order is about: there its key's state is written, and nowhere else."""
    async with idempotent_producer(address) as producer:
        for event in events:
            data = event.data
            service = _OF_AUTHORITIES if isinstance(data, SuspendOrdered | ResumeOrdered) else data.group
            message = encode(event, OPERATION_ORDERED.name)
            at = data.record.partition if isinstance(data, ReplayOrdered | CloseOrdered) else 0
            await producer.send_and_wait(
                message.topic,
                message.value,
                key=service.encode(),
                partition=at % OPERATION_ORDERED.partitions,
                headers=[*message.headers],
            )

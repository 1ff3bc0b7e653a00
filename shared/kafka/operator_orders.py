"""Operators' orders on the bus: `operation.ordered.v1`, from the command and from the console alike."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from shared.events import ids
from shared.events.envelope import Event, encode
from shared.events.operation import CloseOrdered, GoOnOrdered, ReplayOrdered, ResumeOrdered, SuspendOrdered
from shared.events.topics import OPERATION_ORDERED
from shared.kafka.client import KafkaAddress, idempotent_producer

GroupOrder = ReplayOrdered | CloseOrdered | GoOnOrdered
AuthorityOrder = SuspendOrdered | ResumeOrdered
_OF_AUTHORITIES = "doors"


def ordered(order: GroupOrder | AuthorityOrder, *, source: str) -> Event[GroupOrder | AuthorityOrder]:
    """The event of an order that is given now."""
    about = order.authority if isinstance(order, AuthorityOrder) else order.group
    subject = ids.operations_id(about)
    return Event(
        id=uuid4(), source=source, time=datetime.now(UTC), case_id=subject, submission_id=subject, data=order
    )


async def send_orders(address: KafkaAddress, events: Sequence[Event[GroupOrder | AuthorityOrder]]) -> None:
    """To the partition of the record that an order is about: there its key's state is written, and nowhere else.

    Raises:
        KafkaError: not confirmed; it may have arrived all the same.
    """
    async with idempotent_producer(address) as producer:
        for event in events:
            data = event.data
            service = _OF_AUTHORITIES if isinstance(data, AuthorityOrder) else data.group
            message = encode(event, OPERATION_ORDERED.name)
            at = data.record.partition if isinstance(data, ReplayOrdered | CloseOrdered) else 0
            await producer.send_and_wait(
                message.topic,
                message.value,
                key=service.encode(),
                partition=at % OPERATION_ORDERED.partitions,
                headers=[*message.headers],
            )

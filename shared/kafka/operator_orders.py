"""Operators' orders on the bus: `operation.ordered.v1`, from the command and from the console alike."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from aiokafka.structs import TopicPartition

from shared.events import ids
from shared.events.envelope import Event, encode
from shared.events.operation import (
    CloseCaseOrdered,
    CloseOrdered,
    GoOnOrdered,
    ReplayOrdered,
    ResumeOrdered,
    SuspendOrdered,
)
from shared.events.topics import OPERATION_ORDERED
from shared.kafka.client import KafkaAddress
from shared.kafka.publish_once import publish_once

GroupOrder = ReplayOrdered | CloseOrdered | CloseCaseOrdered | GoOnOrdered
AuthorityOrder = SuspendOrdered | ResumeOrdered
_OF_AUTHORITIES = "doors"
_AUTHORITIES_IN: Final = 0
AUTHORITY_ORDERS: Final = TopicPartition(OPERATION_ORDERED.name, _AUTHORITIES_IN)
"""All orders about authorities lie in one partition, so that the last one counts."""


def ordered(order: GroupOrder | AuthorityOrder, *, source: str) -> Event[GroupOrder | AuthorityOrder]:
    """The event of an order that is given now."""
    about = order.authority if isinstance(order, AuthorityOrder) else order.group
    subject = ids.operations_id(about)
    return Event(
        id=uuid4(), source=source, time=datetime.now(UTC), case_id=subject, submission_id=subject, data=order
    )


async def send_orders(address: KafkaAddress, events: Sequence[Event[GroupOrder | AuthorityOrder]]) -> None:
    """To the partition of the record or case that an order is about: there its key's state is written, and nowhere else.

    Raises:
        Unavailable: not confirmed; some may have arrived all the same.
    """
    messages = [replace(encode(e, OPERATION_ORDERED.name), key=_service(e.data).encode()) for e in events]
    await publish_once(address, messages, beside=[_beside(e.data) for e in events])


def _service(order: GroupOrder | AuthorityOrder) -> str:
    return _OF_AUTHORITIES if isinstance(order, AuthorityOrder) else order.group


def _beside(order: GroupOrder | AuthorityOrder) -> bytes | int:
    if isinstance(order, CloseCaseOrdered):
        return str(order.case).encode()
    return order.record.partition if isinstance(order, ReplayOrdered | CloseOrdered) else _AUTHORITIES_IN

"""The operator's orders to services: put on the bus, and what the services report about them."""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.events.topic_names import DEAD_LETTER_PARTITIONS, dead_letter_topic
from shared.events.topics import OPERATION_ORDERED
from shared.kafka.client import KafkaAddress, reader
from shared.kafka.dead_letters import OrderReport, reported
from shared.kafka.operator_orders import GroupOrder, ordered, send_orders
from shared.kafka.records import consumed

OPERATOR: Final = "operator"
SOURCE: Final = "urn:amtsweg:operator"
_WAIT_SECONDS: Final = 20.0
_LOOK_MS: Final = 500


async def give(address: KafkaAddress, orders: Sequence[GroupOrder]) -> list[OrderReport | None]:
    """Give the orders, one after the other; return what became of each, None where no service has said so in time.

    Raises:
        Unavailable: Kafka is away; some of the orders may have arrived.
    """
    letters = {dead_letter_topic(order.group) for order in orders}
    events = [ordered(order, source=SOURCE) for order in orders]
    try:
        async with reader(address) as following:
            following.assign([TopicPartition(t, n) for t in letters for n in range(DEAD_LETTER_PARTITIONS)])
            await following.seek_to_end()
            for tp in following.assignment():
                await following.position(tp)  # the end as it is before anything is ordered
            await send_orders(address, events)
            told: dict[str, OrderReport] = {}
            try:
                async with asyncio.timeout(_WAIT_SECONDS):
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
    """Write an order that stands by itself: whoever it concerns follows the topic.

    Raises:
        Unavailable: Kafka is away; it may have arrived all the same.
    """
    await send_orders(address, [ordered(order, source=SOURCE)])

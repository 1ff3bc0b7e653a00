"""Suspended authorities as a process follows them on real Kafka: orders count at once, also those of before its start."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from confluent_kafka.admin import NewTopic

from shared.access.suspensions import FollowedSuspensions
from shared.errors import Unavailable
from shared.events.envelope import Message
from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.events.topics import OPERATION_ORDERED, PARTITIONS
from shared.kafka.client import KafkaAddress
from shared.kafka.operator_orders import AUTHORITY_ORDERS, ordered, send_orders
from shared.kafka.publish_once import publish_once
from shared.telemetry.health import Condition
from tests.support.stack import KafkaAccess

ONE, OTHER = "g-06532023", "k-06532"


@pytest.fixture
def address(kafka: KafkaAccess) -> KafkaAddress:
    admin = kafka.part.endpoint.admin()  # kept while it is asked
    made = admin.create_topics(
        [NewTopic(OPERATION_ORDERED.name, OPERATION_ORDERED.partitions(PARTITIONS), 1)]
    )
    made[OPERATION_ORDERED.name].exception(30)  # it may be there already
    return kafka.address


@pytest.fixture
async def followed(address: KafkaAddress) -> AsyncIterator[FollowedSuspensions]:
    view = FollowedSuspensions(address, condition=Condition())
    running = asyncio.ensure_future(view.run())
    yield view
    running.cancel()
    await asyncio.wait({running})


async def _until(view: FollowedSuspensions, *, suspended: set[str]) -> None:
    """Wait until so many of ours are suspended; other tests may have ordered about others."""
    async with asyncio.timeout(60):
        while True:
            try:
                if {*view.now().now()} & {ONE, OTHER} == suspended:
                    return
            except Unavailable:
                pass
            await asyncio.sleep(0.05)


async def test_orders_count_for_whoever_follows_before_and_after_its_start(
    address: KafkaAddress, followed: FollowedSuspensions
) -> None:
    console, command = "urn:amtsweg:console", "urn:amtsweg:operator"
    before = await _order(address, SuspendOrdered(authority=ONE, principal="betrieb-3"), source=console)
    await _until(followed, suspended={ONE})
    await publish_once(
        address,
        [Message(OPERATION_ORDERED.name, b"doors", b"not an order")],
        beside=[AUTHORITY_ORDERS.partition],
    )
    await _order(address, SuspendOrdered(authority=OTHER, principal="operator"), source=command)
    await _until(followed, suspended={ONE, OTHER})
    await _order(address, ResumeOrdered(authority=ONE, principal="operator"), source=command)
    await _until(followed, suspended={OTHER})
    late = FollowedSuspensions(address, condition=Condition())
    running = asyncio.ensure_future(late.run())
    try:
        await _until(late, suspended={OTHER})
        assert late.now() == followed.now()
        assert late.now().any_between(ONE, before, before)
        assert late.known() is not None
    finally:
        running.cancel()
        await asyncio.wait({running})
        await _order(address, ResumeOrdered(authority=OTHER, principal="operator"), source=command)


def test_nobody_is_said_to_be_free_before_the_orders_are_read() -> None:
    unread = FollowedSuspensions(KafkaAddress(bootstrap="127.0.0.1:1"), condition=Condition())
    with pytest.raises(Unavailable):
        unread.now()
    assert unread.known() is None


async def _order(address: KafkaAddress, order: SuspendOrdered | ResumeOrdered, *, source: str) -> datetime:
    event = ordered(order, source=source)
    await send_orders(address, [event])
    return event.time

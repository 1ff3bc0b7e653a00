"""Clients that are closed while Kafka does not answer leave nothing behind: no sender, no heartbeat, no socket."""

import asyncio
import os
import signal

import pytest

from shared.kafka.client import (
    close,
    group_consumer,
    idempotent_producer,
    transactional_producer,
)
from tests.support.stack import KafkaAccess, RealParts, unique


@pytest.mark.timeout(90)
async def test_clients_closed_during_an_outage_leave_no_task_behind(
    stack: RealParts, kafka: KafkaAccess
) -> None:
    address = kafka.address
    topic = kafka.topic()
    before = asyncio.all_tasks()
    consumer = group_consumer(address, group=unique("group"))
    consumer.subscribe([topic])
    producer = idempotent_producer(address)
    transactional = transactional_producer(address, transactional_id=unique("id"), timeout_ms=10_000)
    for client in (consumer, producer, transactional):
        await client.start()
    # Both producers know the topic before the outage: the fault is in their closing, not in their first question.
    await producer.send_and_wait(topic, b"before")
    async with transactional.transaction():
        await transactional.send_and_wait(topic, b"before")
    pid = stack.kafka.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        pending = await producer.send(topic, b"during")
        await transactional.begin_transaction()
        pending_too = await transactional.send(topic, b"during")
        for client in (consumer, producer, transactional):
            await close(client, seconds=0.5)
        await asyncio.sleep(0)
        left = {task for task in asyncio.all_tasks() - before if not task.done()}
        assert left == set()
    finally:
        os.kill(pid, signal.SIGCONT)
    for sending in (pending, pending_too):
        sending.cancel()

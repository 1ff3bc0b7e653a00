"""A batch of states that nobody can read stops the group, with its place, until an operator orders to go on without it."""

import asyncio
from collections.abc import Callable
from typing import Any, Literal

import pytest
from aiokafka import AIOKafkaProducer

from shared.engine import Plan
from shared.events.operation import GoOnOrdered
from shared.kafka.bounded_decompression import MAX_UNPACKED_BYTES
from shared.kafka.records import Message
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.steps import counting
from tests.integration.engine.test_recreated_topics import plan
from tests.support.batches import batch


async def until(bench: Bench, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in bench.health.part(bench.group).reason:  # noqa: ASYNC110 - the engine says it
            await asyncio.sleep(0.05)


async def test_the_group_stops_with_the_place_and_goes_on_as_ordered_also_after_a_restart(
    bench: Bench,
) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    await bench.send(Message(source, b"k", b"v"))
    async with running(bench.engine(its_plan, counting(target), target)):
        await bench.read_until(target, 1, seconds=60)
    state = str(its_plan.state_topic)
    assert await bench.send_batch(state, batch(bytes(MAX_UNPACKED_BYTES), compression="gzip"))
    await bench.send(Message(source, b"k", b"v"))

    async with running(bench.engine(its_plan, counting(target), target)):
        await until(bench, f"{state}, partition 0, offset ")
        await _ordered_until(bench, its_plan, lambda: bench.health.part(bench.group).standing == "ready")
        await bench.read_until(target, 2, seconds=60)
    await bench.send(Message(source, b"k", b"v"))
    async with running(bench.engine(its_plan, counting(target), target)):
        records = await bench.read_until(target, 3, seconds=60)

    assert [record.value for record in records] == [b"v 1", b"v 2", b"v 3"]


@pytest.mark.long
@pytest.mark.parametrize("when", ["before Kafka has it", "after Kafka has it"])
async def test_killed_while_the_order_is_put_on_record_all_of_it_holds_or_nothing(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    when: Literal["before Kafka has it", "after Kafka has it"],
) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    await bench.send(Message(source, b"k", b"v"))
    async with running(bench.engine(its_plan, counting(target), target)):
        await bench.read_until(target, 1, seconds=60)
    state = str(its_plan.state_topic)
    assert await bench.send_batch(state, batch(bytes(MAX_UNPACKED_BYTES), compression="gzip"))
    await bench.send(Message(source, b"k", b"v"))
    commit, killed = AIOKafkaProducer.commit_transaction, asyncio.Event()

    async def dying(producer: Any) -> None:
        """The first that this session commits is the order's record, with the positions."""
        if when == "after Kafka has it":
            await commit(producer)
        killed.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(AIOKafkaProducer, "commit_transaction", dying)
        async with running(bench.engine(its_plan, counting(target), target)):
            await until(bench, f"{state}, partition 0, offset ")
            await _ordered_until(bench, its_plan, killed.is_set)

    bench.health.part(bench.group).set("unready", reason="")  # what the killed process said is no news
    async with running(bench.engine(its_plan, counting(target), target)):
        if when == "before Kafka has it":
            await until(bench, f"{state}, partition 0, offset ")
            await _ordered_until(bench, its_plan, lambda: bench.health.part(bench.group).standing == "ready")
        records = await bench.read_until(target, 2, seconds=60)

    assert [record.value for record in records] == [b"v 1", b"v 2"]


async def _ordered_until(bench: Bench, its_plan: Plan, reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not reached():
            await bench.order(its_plan, GoOnOrdered(group=bench.group, principal="operator"))
            await asyncio.sleep(0.5)

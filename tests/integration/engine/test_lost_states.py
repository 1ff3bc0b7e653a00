"""A batch of states that nobody can read stops the group, with its place, until an operator orders to go on without it."""

import asyncio

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
        async with asyncio.timeout(60):
            while bench.health.part(bench.group).standing != "ready":
                await bench.order(its_plan, GoOnOrdered(group=bench.group, principal="operator"))
                await asyncio.sleep(0.5)
        await bench.read_until(target, 2, seconds=60)
    await bench.send(Message(source, b"k", b"v"))
    async with running(bench.engine(its_plan, counting(target), target)):
        records = await bench.read_until(target, 3, seconds=60)

    assert [record.value for record in records] == [b"v 1", b"v 2", b"v 3"]

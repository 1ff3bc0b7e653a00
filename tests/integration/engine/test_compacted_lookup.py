"""Objects that stay on their topic and are read back when a person asks for one."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest
from aiokafka.structs import TopicPartition

from shared.engine import Plan, State
from shared.engine.compacted_lookup import CompactedTopicReader
from shared.errors import Unavailable, Undecodable
from shared.kafka.bounded_decompression import MAX_UNPACKED_BYTES
from shared.kafka.dead_letters import origin
from shared.kafka.records import Message, Record
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.steps import Step
from tests.support.batches import batch


def shelving(shelf: str, target: str) -> Step:
    """A value is shelved under its key; ``get <key>`` sends it on, ``drop <key>`` takes it away."""

    def on_record(record: Record, state: State) -> Sequence[Message]:
        match (record.value or b"").decode().split():
            case "get", key:
                held = state.held(key)
                return (Message(target, b"k", b"nothing" if held is None else held.value),)
            case "drop", key:
                return (Message(shelf, key.encode(), None),)
        return (Message(shelf, record.key or b"", record.value),)

    def wants(record: Record, state: State) -> Sequence[str]:
        words = (record.value or b"").decode().split()
        return words[1:] if words[0] == "get" else ()

    return Step(on_record, wants=wants)


async def test_what_is_held_can_be_read_back_in_this_process_and_the_next(bench: Bench) -> None:
    source, target, shelf = (bench.topic(name) for name in ("in", "out", "shelf"))
    plan = Plan(group=bench.group, inputs=(source,), dead_letters=bench.topic("dead"), lookup_topic=shelf)
    step = shelving(shelf, target)
    await bench.send(
        Message(source, b"a", b"first"),
        Message(source, b"a", b"second"),
        Message(source, b"b", b"other"),
        Message(source, b"x", b"get a"),
    )
    async with running(bench.engine(plan, step, target)):
        assert [r.value for r in await bench.read_until(target, 1)] == [b"second"]
    await bench.send(
        Message(source, b"x", b"get b"), Message(source, b"x", b"drop b"), Message(source, b"x", b"get a")
    )
    async with running(bench.engine(plan, step, target)):
        await bench.read_until(target, 3)
        await bench.send(Message(source, b"x", b"get b"))
        records = await bench.read_until(target, 4)
    assert [r.value for r in records] == [b"second", b"other", b"second", b"nothing"]


async def test_a_shelf_with_a_batch_that_cannot_be_read_fails_only_those_who_need_what_may_lie_there(
    bench: Bench,
) -> None:
    source, target, shelf = (bench.topic(name) for name in ("in", "out", "shelf"))
    plan = Plan(group=bench.group, inputs=(source,), dead_letters=bench.topic("dead"), lookup_topic=shelf)
    await bench.send(Message(shelf, b"a", b"whole"))
    assert await bench.send_batch(shelf, batch(bytes(MAX_UNPACKED_BYTES), compression="gzip"))
    await bench.send(Message(source, b"x", b"get lost"), Message(source, b"y", b"get a"))

    async with running(bench.engine(plan, shelving(shelf, target), target)):
        assert [r.value for r in await bench.read_until(target, 1, seconds=60)] == [b"whole"]
        (letter,) = await bench.read_until(plan.dead_letters, 1)

    assert f"{shelf}, partition 0, offset 1" in origin(letter.headers).reason


async def test_an_object_whose_batch_can_no_longer_be_read_is_not_taken_for_absent(bench: Bench) -> None:
    shelf = TopicPartition(bench.topic("shelf"), 0)
    lookup = CompactedTopicReader(bench.address, shelf)
    assert await bench.send_batch(
        shelf.topic, batch(bytes(MAX_UNPACKED_BYTES // 2), bytes(MAX_UNPACKED_BYTES // 2), compression="gzip")
    )
    # The first of the batch's two, as if its bytes had been damaged only after it was written.
    lookup.note({"a": 0})
    try:
        with pytest.raises(Undecodable, match=f"{shelf.topic}, partition 0, offsets 0 to 1"):
            await _fetched(lookup, "a")
    finally:
        await lookup.close()


async def _fetched(lookup: CompactedTopicReader, key: str) -> dict[str, Record]:
    async with asyncio.timeout(60):
        while True:
            with suppress(Unavailable):  # the index is being built
                return await lookup.fetch([key])
            await asyncio.sleep(0.05)

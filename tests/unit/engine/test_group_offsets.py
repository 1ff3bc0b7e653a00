"""The group's offsets are told apart from the transactions: once a second, all together, and never lost by a failure."""

import asyncio

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from shared.engine.group_offsets import GroupOffsets

ONE, OTHER, FOREIGN = (TopicPartition("in", number) for number in range(3))


class Consumer:
    """Has two partitions; ``told`` is what was committed, request by request."""

    def __init__(self) -> None:
        self.away = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.told: list[dict[TopicPartition, int]] = []

    def assignment(self) -> set[TopicPartition]:
        return {ONE, OTHER}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        if self.away:
            raise KafkaError
        await self.answers.wait()
        self.told.append(offsets)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_all_units_are_told_in_one_request_a_second() -> None:
    consumer, clock = Consumer(), Clock()
    offsets = GroupOffsets("group", seconds=clock)
    offsets.note({ONE: 1})
    offsets.note({OTHER: 5})
    await offsets.tell(consumer)
    offsets.note({ONE: 2})
    clock.now = 0.9
    await offsets.tell(consumer)
    assert consumer.told == [{ONE: 1, OTHER: 5}]
    clock.now = 1.0
    await offsets.tell(consumer)
    assert consumer.told[1:] == [{ONE: 2}]


async def test_nothing_new_is_no_request_and_what_others_have_now_is_not_told() -> None:
    consumer, clock = Consumer(), Clock()
    offsets = GroupOffsets("group", seconds=clock)
    await offsets.tell(consumer)
    assert consumer.told == []
    offsets.note({FOREIGN: 9})
    await offsets.tell(consumer)
    assert consumer.told == []
    offsets.note({ONE: 1})
    for clock.now in (1.0, 2.0):
        await offsets.tell(consumer)
    assert consumer.told == [{ONE: 1}]


async def test_what_could_not_be_told_is_told_with_the_next() -> None:
    consumer, clock = Consumer(), Clock()
    offsets = GroupOffsets("group", seconds=clock)
    offsets.note({ONE: 1, OTHER: 5})
    consumer.away = True
    await offsets.tell(consumer)
    consumer.away, clock.now = False, 1.0
    offsets.note({ONE: 2})
    await offsets.tell(consumer)
    assert consumer.told == [{ONE: 2, OTHER: 5}]


async def test_a_request_that_waits_is_overtaken_by_no_other_and_what_is_noted_meanwhile_is_told_after_it() -> (
    None
):
    consumer, clock = Consumer(), Clock()
    consumer.answers.clear()
    offsets = GroupOffsets("group", seconds=clock)
    offsets.note({ONE: 1, OTHER: 5})
    waiting = asyncio.create_task(offsets.tell(consumer))
    await asyncio.sleep(0)
    offsets.note({ONE: 2})
    clock.now = 3.0
    second = asyncio.create_task(offsets.tell(consumer))
    await asyncio.sleep(0)
    assert second.done()
    consumer.answers.set()
    await waiting
    assert consumer.told == [{ONE: 1, OTHER: 5}]
    clock.now = 4.0
    await offsets.tell(consumer)
    assert consumer.told[1:] == [{ONE: 2}]


async def test_what_a_cancelled_request_may_not_have_told_is_told_again() -> None:
    consumer, clock = Consumer(), Clock()
    consumer.answers.clear()
    offsets = GroupOffsets("group", seconds=clock)
    offsets.note({ONE: 1})
    cancelled = asyncio.create_task(offsets.tell(consumer))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait({cancelled})
    consumer.answers.set()
    clock.now = 1.0
    await offsets.tell(consumer)
    assert consumer.told == [{ONE: 1}]

"""Whether a record lies before an end; markers of transactions are none, and nobody waits for them for ever."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition

from shared.kafka.read_to_end import unread

HERE, THERE = TopicPartition("here", 0), TopicPartition("there", 0)


class Consumer:
    """A partition is the list of its records' offsets; what is missing below ``end`` are markers."""

    def __init__(
        self,
        records: Mapping[TopicPartition, list[int]],
        *,
        end: int,
        stuck: bool = False,
        unreadable: TopicPartition | None = None,
    ) -> None:
        self._records = records
        self._end = end
        self._stuck = stuck
        self._unreadable = unreadable
        self._positions: dict[TopicPartition, int] = {}

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._positions = dict.fromkeys(partitions, 0)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._positions[tp] = offset

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def position(self, tp: TopicPartition) -> int:
        return self._positions[tp]

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        assert timeout_ms > 0
        if self._stuck:
            return {}
        fetched = {}
        for tp in partitions:
            if tp == self._unreadable:
                raise CorruptRecordException
            left = [SimpleNamespace(offset=o) for o in self._records[tp] if o >= self._positions[tp]]
            self._positions[tp] = left[-1].offset + 1 if left else self._end
            if left:
                fetched[tp] = left
        return fetched


@pytest.mark.parametrize(
    ("records", "start", "left"),
    [
        ([0, 1, 2], 3, {}),  # all applied
        ([0, 1, 2], 2, {HERE: 3}),
        ([0, 1, 2], 0, {HERE: 3}),
        ([0, 4], 1, {}),  # a marker before the end, a record behind it
        ([], 0, {}),  # nothing but markers
    ],
)
async def test_only_a_record_before_the_end_counts(
    records: list[int], start: int, left: dict[TopicPartition, int]
) -> None:
    consumer = Consumer({HERE: records}, end=5)
    assert await unread(consumer, starts={HERE: start}, ends={HERE: 3}) == left


async def test_partitions_are_looked_at_together() -> None:
    consumer = Consumer({HERE: [0, 1], THERE: [0]}, end=3)
    assert await unread(consumer, starts={HERE: 1, THERE: 1}, ends={HERE: 2, THERE: 2}) == {HERE: 2}


async def test_a_partition_whose_end_is_unknown_counts_as_unread() -> None:
    consumer = Consumer({HERE: []}, end=3, stuck=True)
    assert await unread(consumer, starts={}, ends={HERE: 3}) == {HERE: 3}


async def test_a_batch_that_cannot_be_read_counts_and_so_does_what_was_passed_over_with_it() -> None:
    consumer = Consumer({HERE: [0]}, end=3, unreadable=THERE)
    assert await unread(consumer, starts={}, ends={HERE: 1, THERE: 1}) == {HERE: 1, THERE: 1}

"""A record that cannot be read now is not a record that is not there."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.kafka.read_to_end import record_at

TP = TopicPartition("held", 0)


class Consumer:
    """Answers nothing for some rounds, then with the first of these offsets that is asked for or lies behind."""

    def __init__(self, offsets: list[int], *, end: int, silent: int) -> None:
        self._offsets = offsets
        self._end = end
        self._silent = silent
        self._position = 0

    def seek(self, _: TopicPartition, offset: int) -> None:
        self._position = offset

    async def position(self, _: TopicPartition) -> int:
        return self._position

    async def getmany(
        self, tp: TopicPartition, *, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Any]]:
        assert timeout_ms > 0 < max_records
        if self._silent:
            self._silent -= 1
            return {}
        found = next((offset for offset in self._offsets if offset >= self._position), None)
        self._position = self._end if found is None else found + 1
        if found is None:
            return {}
        fields = {"topic": "held", "partition": 0, "timestamp": 0, "key": b"k", "value": b"v", "headers": ()}
        return {tp: [SimpleNamespace(offset=found, **fields)]}


@pytest.mark.parametrize("silent", [0, 1, 3])
async def test_a_slow_broker_is_waited_for(silent: int) -> None:
    record = await record_at(Consumer([3, 7], end=9, silent=silent), TP, 7)
    assert record is not None
    assert record.offset == 7


@pytest.mark.parametrize("offset", [5, 8])
async def test_what_was_compacted_away_is_gone(offset: int) -> None:
    assert await record_at(Consumer([3, 7], end=9, silent=1), TP, offset) is None


async def test_a_broker_that_does_not_answer_has_not_said_that_nothing_is_there() -> None:
    with pytest.raises(Unavailable):
        await record_at(Consumer([7], end=9, silent=99), TP, 7)

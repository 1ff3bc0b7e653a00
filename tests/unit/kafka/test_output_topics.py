"""Topics that are named while others are looked up are looked up next, not half a minute later."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import Unavailable
from shared.kafka.output_topics import OutputTopics


class Broker:
    """Answers as aiokafka's producer does: every topic exists, with one partition."""

    def __init__(self, topics: set[str], *, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._topics = topics
        self._meanwhile = meanwhile
        self.client = SimpleNamespace(fetch_all_metadata=self._fetch)

    async def _fetch(self) -> Any:
        self._meanwhile()
        return SimpleNamespace(topics=lambda: self._topics)

    async def partitions_for(self, topic: str) -> set[int]:
        await asyncio.sleep(0)
        return {0} if topic in self._topics else set()


async def test_a_topic_named_during_the_look_up_is_due_at_once() -> None:
    outputs = OutputTopics(["early"])
    await outputs.warm(Broker({"early", "late"}, meanwhile=lambda: outputs.expect("late")))
    with pytest.raises(Unavailable):
        outputs.certainly_available("late")
    assert outputs.due
    await outputs.warm(Broker({"early", "late"}))
    assert outputs.certainly_available("late")


async def test_what_was_looked_at_and_is_missing_is_not_asked_for_again_at_once() -> None:
    outputs = OutputTopics(["missing"])
    await outputs.warm(Broker(set()))
    assert not outputs.due
    assert outputs.unavailable() == ["missing"]

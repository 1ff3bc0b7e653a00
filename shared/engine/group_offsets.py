"""The group's offsets in Kafka, for observers: the engine itself goes by the positions on its state topic.

In each transaction they would cost two of its five requests and a mark on one more topic.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

_EVERY_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 5.0


class GroupOffsets:
    """Committed at most once a second, for all units of the process in one request; never ahead of what is done."""

    def __init__(self, group: str, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._log = structlog.get_logger().bind(group=group)
        self._untold: dict[TopicPartition, int] = {}
        self._seconds = seconds
        self._tried = float("-inf")

    def note(self, positions: Mapping[TopicPartition, int]) -> None:
        """All before these positions is done with and committed."""
        self._untold |= positions

    async def tell(self, consumer: AIOKafkaConsumer) -> None:
        """Commit what was noted, if a second has passed; what fails is told with the next.

        One request at a time: of two that wait for a new coordinator the older one could come last.
        """
        ours = consumer.assignment()
        told = {tp: at for tp, at in self._untold.items() if tp in ours}
        if not told or self._seconds() - self._tried < _EVERY_SECONDS:
            return
        self._tried, self._untold = float("inf"), dict(told)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await consumer.commit(told)
        except (KafkaError, TimeoutError) as away:
            self._log.warning("the group's offsets are not told", error=away)
        else:
            self._untold = {tp: at for tp, at in self._untold.items() if told.get(tp) != at}
        finally:
            self._tried = self._seconds()

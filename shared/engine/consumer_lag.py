"""The lag of a consumer group per topic, from its own fetches; Kafka is not asked."""

import re
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from aiokafka.structs import TopicPartition

from shared.telemetry.metrics import Telemetry

_EVERY_SECONDS: Final = 1.0
_AUTHORITY: Final = re.compile(r"^authority\.[^.]+\.")


class ConsumerLag:
    """The lag of each partition that this process reads, summed by topic into a metric."""

    def __init__(self, group: str, telemetry: Telemetry) -> None:
        self._group = group
        self._telemetry = telemetry
        self._lags: dict[TopicPartition, int] = {}
        self._shown = 0.0

    def note(self, lags: Mapping[TopicPartition, int]) -> None:
        """Update the lag of a task's partitions; the metric follows at most once a second."""
        self._lags.update(lags)
        if time.monotonic() - self._shown < _EVERY_SECONDS:
            return
        self._shown = time.monotonic()
        by_topic: defaultdict[str, int] = defaultdict(int)
        for tp, lag in self._lags.items():
            by_topic[series(tp.topic)] += lag
        for topic, lag in by_topic.items():
            self._telemetry.set("lag_records", lag, group=self._group, topic=topic)

    def clear(self) -> None:
        """Forget all partitions, because another process may read them now."""
        self._lags.clear()


def series(topic: str) -> str:
    """A topic's name as a metric's label: authorities' own topics are one series."""
    return _AUTHORITY.sub("authority.*.", topic)

"""Up to when the inputs are read: Kafka is asked for their ends seldom, since periods are counted in days."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.engine import Plan, kafka_sink
from shared.engine.failure_policy import FailurePolicy
from shared.engine.kafka_sink import KafkaSink, KafkaSinkContext
from shared.telemetry.metrics import Telemetry

PLAN = Plan(group="g", inputs=("in",), dead_letters="dead")


class Asked:
    """A consumer whose partitions end where they begin; counts how often it is asked."""

    times = 0

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        self.times += 1
        return dict.fromkeys(partitions, 0)


async def test_the_ends_are_asked_for_in_every_fifth_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(kafka_sink, "time", SimpleNamespace(monotonic=lambda: now))
    parts: dict[str, Any] = dict.fromkeys(("processor", "address", "outputs"))
    parts["punctuate"] = lambda *_: ()

    async def untold(_: AIOKafkaConsumer) -> None:
        """Nothing is to be told to the group."""

    parts["offsets"] = SimpleNamespace(tell=untold)
    context = KafkaSinkContext(plan=PLAN, telemetry=Telemetry(), **parts)
    sink, consumer = KafkaSink(context, 0, FailurePolicy(PLAN)), Asked()
    sink._consumer = cast("AIOKafkaConsumer", consumer)
    sink._positions = {TopicPartition("in", 0): 0}

    for _ in range(11):
        await sink.punctuate()
        now += PLAN.punctuate_interval.total_seconds()

    assert consumer.times == 3
    assert sink._read_until is not None

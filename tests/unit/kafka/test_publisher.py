"""A publisher in an outage: one message finds out that Kafka does not confirm, and the others are told at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.kafka import publisher as publishing
from shared.kafka.client import KafkaAddress
from shared.kafka.publisher import Publisher
from shared.kafka.records import Message, partition_of
from shared.telemetry.health import Health

SHORT = 0.01


class Silent:
    """A producer whose acknowledgements come when ``confirm`` is called, and not before where ``silent``."""

    def __init__(self) -> None:
        self.silent = True
        self.sent = 0
        self._waiting: list[asyncio.Future[None]] = []
        cluster = SimpleNamespace(partitions_for_topic=lambda _: {0, 1})
        self.client = SimpleNamespace(cluster=cluster, _conns={})

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def partitions_for(self, _: str) -> set[int]:
        return {0, 1}

    async def send(self, topic: str, *_: Any, partition: int, **__: Any) -> "asyncio.Future[None]":
        self.sent += 1
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.silent and TopicPartition(topic, partition) == TopicPartition("t", 0):
            self._waiting.append(acknowledged)
        else:
            acknowledged.set_result(None)
        return acknowledged

    async def confirm(self) -> None:
        self.silent = False
        for each in self._waiting:
            each.set_result(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def running(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> AsyncIterator[tuple[Publisher, Silent]]:
    kafka = Silent()
    monkeypatch.setattr(publishing, "idempotent_producer", lambda _: kafka)
    publisher = Publisher(KafkaAddress(bootstrap="nowhere"), health=Health(), topics=("t",), seconds=clock)
    task = asyncio.ensure_future(publisher.run())
    await asyncio.sleep(0.01)
    yield publisher, kafka
    task.cancel()
    await asyncio.wait({task})


def to(partition: int) -> Message:
    key = next(key for n in range(100) if partition_of(key := str(n).encode(), 2) == partition)
    return Message("t", key, b"{}")


async def test_after_one_that_is_not_confirmed_its_partition_refuses_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    async with running(monkeypatch, clock) as (publisher, kafka):
        with pytest.raises(Unavailable, match="not confirmed within"):
            await publisher.publish(to(0), timeout=SHORT)
        with pytest.raises(Unavailable, match="does not confirm in time"):
            await publisher.publish(to(0), timeout=SHORT)
        assert kafka.sent == 1
        await publisher.publish(to(1), timeout=SHORT)


async def test_a_probe_finds_out_whether_it_confirms_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    async with running(monkeypatch, clock) as (publisher, kafka):
        with pytest.raises(Unavailable):
            await publisher.publish(to(0), timeout=SHORT)
        kafka.silent, clock.now = False, 6.0
        await publisher.publish(to(0), timeout=SHORT)
        await publisher.publish(to(0), timeout=SHORT)


async def test_a_late_confirmation_opens_the_partition_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch, Clock()) as (publisher, kafka):
        with pytest.raises(Unavailable):
            await publisher.publish(to(0), timeout=SHORT)
        await kafka.confirm()
        await publisher.publish(to(0), timeout=SHORT)

"""A view that follows a topic of real Kafka: complete at once where nothing lies, and built anew after a failure."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.events.envelope import Message
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound, follow_records, seek_first
from shared.kafka.publish_once import publish_once
from tests.support.stack import KafkaAccess

_ROUND_MS = 50


class NotedView:
    """Implements `FollowedView`: notes what it is told."""

    def __init__(self, topic: str) -> None:
        self.partition = TopicPartition(topic, 0)
        self.values: list[bytes | None] = []
        self.complete = False
        self.failures: list[Exception] = []
        self.refuse: Exception | None = None

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        await seek_first(consumer, [self.partition])

    async def take(self, round_: TopicRound) -> None:
        if self.refuse is not None:
            refused, self.refuse = self.refuse, None
            raise refused
        self.values += [record.value for record in round_.records]
        self.complete = round_.complete

    async def lost(self, failure: Exception) -> None:
        self.values, self.complete = [], False
        self.failures.append(failure)

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not seen():  # noqa: ASYNC110 - it is Kafka that is waited for
                await asyncio.sleep(0.02)


@pytest.fixture
def address(kafka: KafkaAccess) -> KafkaAddress:
    return KafkaAddress(
        bootstrap=kafka.bootstrap,
        security_protocol=kafka.part.endpoint.security_protocol,
        username=kafka.username,
        password=kafka.password,
    )


@pytest.fixture
def topic(kafka: KafkaAccess) -> str:
    return kafka.topic()


@asynccontextmanager
async def followed(
    address: KafkaAddress, topic: str, *, asking: Callable[[], None] | None = None
) -> AsyncIterator[NotedView]:
    view = NotedView(topic)
    running = asyncio.ensure_future(follow_records(address, view, round_ms=_ROUND_MS, asking=asking))
    try:
        yield view
    finally:
        running.cancel()
        await asyncio.wait({running})


async def put(address: KafkaAddress, topic: str, *values: bytes) -> None:
    await publish_once(address, [Message(topic, b"key", value) for value in values], beside=[0] * len(values))


async def test_a_view_of_an_empty_topic_is_complete_and_takes_what_comes_in_order(
    address: KafkaAddress, topic: str
) -> None:
    async with followed(address, topic) as view:
        await view.until(lambda: view.complete)
        assert view.values == []
        await put(address, topic, b"one", b"two")
        await view.until(lambda: len(view.values) == 2)
        assert view.values == [b"one", b"two"]
    assert [type(each) for each in view.failures] == [Unavailable]


async def test_a_view_that_fails_is_told_so_and_reads_everything_again(
    address: KafkaAddress, topic: str
) -> None:
    await put(address, topic, b"one", b"two")
    async with followed(address, topic) as view:
        await view.until(lambda: view.complete)
        view.refuse = Unavailable("away for a moment")
        await view.until(lambda: len(view.failures) == 1)
        await view.until(lambda: view.complete)
        assert (view.values, str(view.failures[0])) == ([b"one", b"two"], "away for a moment")


async def test_with_asking_each_round_asks_again(address: KafkaAddress, topic: str) -> None:
    asked: list[bool] = []
    async with followed(address, topic, asking=lambda: asked.append(view.complete)) as view:
        await view.until(lambda: view.complete and len(asked) > 2)

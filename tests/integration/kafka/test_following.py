"""A view that follows a topic of real Kafka: complete at once where nothing lies, and built anew after a failure."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.events.envelope import Message
from shared.kafka.bounded_decompression import MAX_UNPACKED_BYTES
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound, follow_records, seek_first
from shared.kafka.publish_once import publish_once
from shared.kafka.read_to_end import read_to_end
from tests.support.batches import batch, send_batch
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
        self.values += [record.fault.encode() if record.fault else record.value for record in round_.records]
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
    return kafka.address


@pytest.fixture
def topic(kafka: KafkaAccess) -> str:
    return kafka.topic()


@asynccontextmanager
async def followed(
    address: KafkaAddress, topic: str, *, asking: Callable[[], None] | None = None
) -> AsyncIterator[NotedView]:
    view = NotedView(topic)
    running = asyncio.ensure_future(
        follow_records(address, view, round_ms=_ROUND_MS, asking=asking, look_seconds=1)
    )
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


async def test_a_topic_that_is_created_anew_is_read_from_its_first_record(
    kafka: KafkaAccess, address: KafkaAddress, topic: str
) -> None:
    await put(address, topic, b"one", b"two")
    async with followed(address, topic) as view:
        await view.until(lambda: len(view.values) == 2)
        await asyncio.to_thread(kafka.recreate, topic)
        await put(address, topic, *(b"%d" % number for number in range(5)))
        await view.until(lambda: view.values == [b"0", b"1", b"2", b"3", b"4"])


async def test_with_asking_each_round_asks_again(address: KafkaAddress, topic: str) -> None:
    asked: list[bool] = []
    async with followed(address, topic, asking=lambda: asked.append(view.complete)) as view:
        await view.until(lambda: view.complete and len(asked) > 2)


async def test_a_batch_that_cannot_be_unpacked_is_one_fault_and_the_rest_is_followed(
    address: KafkaAddress, topic: str
) -> None:
    await put(address, topic, b"before")
    bomb = batch(bytes(MAX_UNPACKED_BYTES), compression="zstd")
    async with followed(address, topic) as view:
        await view.until(lambda: view.values == [b"before"])
        await send_batch(address, topic, bomb)
        await put(address, topic, b"after")
        await view.until(lambda: view.values[-1:] == [b"after"])

        assert view.values[:1] == [b"before"]
        assert len(view.values) == 3
        assert view.failures == []


async def test_who_reads_to_the_end_is_told_that_a_batch_cannot_be_unpacked(
    address: KafkaAddress, topic: str
) -> None:
    await send_batch(address, topic, batch(bytes(MAX_UNPACKED_BYTES), compression="zstd"))

    with pytest.raises(Unavailable, match=topic):
        [_ async for _ in read_to_end(address, {TopicPartition(topic, 0): 0})]


async def test_who_knows_what_its_absence_means_reads_past_it_to_the_end(
    address: KafkaAddress, topic: str
) -> None:
    await put(address, topic, b"before")
    await send_batch(address, topic, batch(bytes(MAX_UNPACKED_BYTES), compression="zstd"))
    await put(address, topic, b"after")

    batches = [each async for each in read_to_end(address, {TopicPartition(topic, 0): 0}, faults=True)]

    read = [record for records in batches for record in records]
    assert [record.value for record in read] == [b"before", None, b"after"]
    assert [record.fault is None for record in read] == [True, False, True]

"""Reading past what the client cannot read; a client that fails in a way of its own is Kafka being away."""

import asyncio
import struct
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import (
    CorruptRecordException,
    KafkaConnectionError,
    KafkaError,
    NotLeaderForPartitionError,
)
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import TopicPartition

from shared.kafka.client import KafkaAddress
from shared.kafka.lenient_fetch import Fetched, fetch_leniently, fetch_next
from shared.offload import LARGE
from tests.support.counted_threads import counted_threads

TP = TopicPartition("authority.g-06531005.inbox.v1", 0)
ADDRESS = cast("KafkaAddress", None)  # only what cannot be read is fetched over a connection of its own
OF_THE_CLIENT = (
    OSError("gone"),
    ValueError("bad nonce"),
    KeyError(1),
    AssertionError(),
    struct.error("short"),
)


class FailingClient:
    """Knows who leads, and answers with these things, one after the other."""

    def __init__(self, *answers: object) -> None:
        self.cluster = SimpleNamespace(leader_for_partition=lambda _: 1)
        self.answers = list(answers)

    async def send(self, node: int, request: object) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def force_metadata_update(self) -> bool:
        return True


async def fetched(*answers: object) -> Fetched:
    consumer = cast("AIOKafkaConsumer", SimpleNamespace(_client=FailingClient(*answers)))
    return await fetch_next(consumer, TP, address=ADDRESS, start=0)


@pytest.mark.parametrize("error", OF_THE_CLIENT, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("before", [(), (NotLeaderForPartitionError(),)], ids=["at once", "asked again"])
async def test_what_the_client_fails_of_is_told_as_an_error_of_kafka(
    error: Exception, before: tuple[Exception, ...]
) -> None:
    with pytest.raises(KafkaError, match=type(error).__name__) as told:
        await fetched(*before, error)
    assert told.value.__cause__ is error


@pytest.mark.parametrize("topics", [[], [(TP.topic, [])], [("a", [()]), ("b", [()])]])
async def test_an_answer_about_nothing_or_about_more_is_an_error_of_kafka(topics: list[object]) -> None:
    with pytest.raises(KafkaConnectionError):
        await fetched(SimpleNamespace(topics=topics))


def batches(size: int) -> bytes:
    """One batch with one record of this size, as a broker sends it."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=2 * size + 1000,
    )  # fmt: skip
    builder.append(0, timestamp=1, key=b"k", value=b"v" * size, headers=[])
    return bytes(builder.build())


@pytest.mark.parametrize(("size", "in_a_thread"), [(10, 0), (LARGE, 1)])
async def test_large_batches_are_unpacked_in_a_thread(size: int, in_a_thread: int) -> None:
    answer = SimpleNamespace(topics=[(TP.topic, [(0, 0, 1, 1, [], batches(size))])])
    with counted_threads() as threads:
        found = await fetched(answer)
    assert [len(record.value or b"") for record in found.records] == [size]
    assert threads.given == in_a_thread


class LosingConsumer:
    """As aiokafka: where it meets what it cannot read it is past what it had drained before, and has lost it."""

    def __init__(self, *answers: object) -> None:
        self._client = FailingClient(*answers)
        self.positions: dict[TopicPartition, int] = {}

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int) -> Any:
        assert timeout_ms > 0
        self.positions = dict.fromkeys(partitions, 1)
        raise CorruptRecordException

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.positions[tp] = offset


async def test_beside_a_batch_that_cannot_be_read_nothing_is_lost() -> None:
    other = TopicPartition("authority.g-06531006.inbox.v1", 0)
    consumer = LosingConsumer(
        *(
            SimpleNamespace(topics=[(tp.topic, [(0, 0, 1, 1, [], batches(size))])])
            for tp, size in ((TP, 3), (other, 5))
        )
    )
    found = await fetch_leniently(
        cast("AIOKafkaConsumer", consumer), {TP: 0, other: 0}, address=ADDRESS, wait_ms=10
    )

    assert {tp: [record.offset for record in records] for tp, records in found.items()} == {
        TP: [0],
        other: [0],
    }
    assert consumer.positions == {TP: 1, other: 1}


async def test_a_cancelled_fetch_raises_no_error() -> None:
    with pytest.raises(asyncio.CancelledError):
        await fetched(asyncio.CancelledError())

"""Records of a transaction are packed in order, each knows its offset, and a batch that fails says whose it was."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

import pytest
from aiokafka.errors import CorruptRecordException, MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from shared.engine.transaction_batch import TransactionBatch, offset_of
from shared.errors import Unavailable
from shared.kafka.client import MAX_RECORD_BYTES
from shared.kafka.records import Record

HERE, THERE = TopicPartition("here", 0), TopicPartition("there", 3)
CAUSE = Record("in", 0, 7, 0, b"case", b"")


class Broker:
    """Takes batches as aiokafka's producer does, and counts their records; refuses those of one topic.

    Without ``tells`` it has each batch already, and has forgotten its place (DUPLICATE_SEQUENCE_NUMBER).
    """

    def __init__(self, *, batch_bytes: int = 300, refuses: str = "", tells: bool = True) -> None:
        self._tells = tells
        self._batch_bytes = batch_bytes
        self._refuses = refuses
        self.taken: defaultdict[TopicPartition, list[int]] = defaultdict(list)

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(self._batch_bytes, 0, is_transactional=1)

    async def send_batch(
        self, batch: BatchBuilder, topic: str, *, partition: int
    ) -> "asyncio.Future[RecordMetadata]":
        delivery: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        tp = TopicPartition(topic, partition)
        if topic == self._refuses:
            delivery.set_exception(CorruptRecordException())
        else:
            base = sum(self.taken[tp]) if self._tells else -1
            self.taken[tp].append(batch.record_count())
            delivery.set_result(RecordMetadata(topic, partition, tp, base, 0, 0, 0))
        return delivery


@given(st.lists(st.tuples(st.sampled_from([HERE, THERE]), st.integers(0, 200)), max_size=30))
def test_every_record_gets_the_offset_of_its_turn(records: list[tuple[TopicPartition, int]]) -> None:
    async def offsets() -> Mapping[TopicPartition, list[int]]:
        consignment = TransactionBatch(Broker())
        placed = [(tp, consignment.add(tp, key=b"k", value=b"v" * size)) for tp, size in records]
        await consignment.send()
        found: dict[TopicPartition, list[int]] = {}
        for tp, place in placed:
            found.setdefault(tp, []).append(offset_of(place))
        return found

    assert all(found == [*range(len(found))] for found in asyncio.run(offsets()).values())


async def test_an_offset_that_kafka_does_not_tell_is_an_outage() -> None:
    consignment = TransactionBatch(Broker(tells=False))
    place = consignment.add(HERE, key=b"k", value=b"v")
    await consignment.send()
    with pytest.raises(Unavailable, match="sent twice"):
        offset_of(place)


async def test_a_full_batch_is_followed_by_another() -> None:
    broker = Broker()
    consignment = TransactionBatch(broker)
    for _ in range(3):
        consignment.add(HERE, key=b"k", value=b"v" * 200)
    await consignment.send()
    assert broker.taken[HERE] == [1, 1, 1]


async def test_a_refused_batch_names_the_record_that_its_first_one_follows_from() -> None:
    consignment = TransactionBatch(Broker(refuses="there"))
    consignment.add(HERE, key=b"k", value=b"fine", cause=CAUSE)
    consignment.add(THERE, key=b"k", value=b"refused", cause=CAUSE)
    await consignment.send()
    assert [(type(parcel.error), parcel.first) for parcel in consignment] == [
        (type(None), CAUSE),
        (CorruptRecordException, CAUSE),
    ]


def test_a_record_that_no_topic_takes_is_refused_at_once() -> None:
    consignment = TransactionBatch(Broker())
    with pytest.raises(MessageSizeTooLargeError):
        consignment.add(HERE, key=b"k", value=bytes(MAX_RECORD_BYTES))

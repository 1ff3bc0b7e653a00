"""Where the answers' topic ends is asked every few seconds: on one connection, and on a new one after a failure."""

from collections.abc import Sequence

import pytest
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import TopicPartition

from services.router.adapters import answered_records
from services.router.adapters.answered_records import AnsweredRecords
from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress


class Reader:
    """A client of Kafka that says where partitions end, until Kafka is gone."""

    def __init__(self) -> None:
        self.open = self.gone = False

    async def start(self) -> None:
        self.open = True

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        assert self.open
        if self.gone:
            raise KafkaConnectionError
        return dict.fromkeys(partitions, 7)


async def test_the_connection_is_kept_until_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Reader] = []

    def reader(_: KafkaAddress, *, committed: bool) -> Reader:
        assert not committed, "what is not yet settled counts as well"
        made.append(Reader())
        return made[-1]

    async def two(_: KafkaAddress, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(2)]

    async def close(client: Reader) -> None:
        client.open = False

    monkeypatch.setattr(answered_records, "reader", reader)
    monkeypatch.setattr(answered_records, "partitions_of", two)
    monkeypatch.setattr(answered_records, "close", close)
    topic = AnsweredRecords(KafkaAddress(bootstrap=""))

    assert [await topic.ends() for _ in range(3)] == [(7, 7)] * 3
    assert len(made) == 1

    made[0].gone = True
    with pytest.raises(Unavailable):
        await topic.ends()
    assert not made[0].open
    assert await topic.ends() == (7, 7)
    assert len(made) == 2

    await topic.close()
    assert not made[1].open

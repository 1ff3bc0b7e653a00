"""What lies on the bus and not in the log is found by Kafka's own count."""

from dataclasses import replace
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer

from amtsweg.audit.bus_check import Comparison, Log, compare
from shared.events.envelope import Event, encode
from shared.events.submission import SubmissionRouted
from shared.events.topics import SUBMISSION_ROUTED, Topic
from shared.kafka.dead_letters import dead_letter
from shared.kafka.records import Record
from tests.integration.audit.conftest import RunningLog
from tests.support.audit import NOW, ORIGIN, SECRECY, fact
from tests.support.events import GIESSEN, RECEIPT, ROUTED
from tests.support.stack import KafkaAccess


def event(number: int) -> Event[SubmissionRouted]:
    return Event(
        id=UUID(int=number),
        source="urn:amtsweg:router",
        time=NOW,
        case_id=UUID(int=9),
        submission_id=UUID(int=9),
        data=SubmissionRouted(receipt=RECEIPT, authority=GIESSEN, decision=ROUTED),
    )


@pytest.fixture
def topic(kafka: KafkaAccess) -> Topic:
    return replace(SUBMISSION_ROUTED, name=kafka.topic())


async def produce(kafka: KafkaAccess, topic: str, *numbers: int) -> None:
    """Each in a transaction of its own, so that markers lie between the records."""
    async with AIOKafkaProducer(**kafka.connection, transactional_id=topic) as producer:
        for number in numbers:
            message = encode(event(number), topic)
            async with producer.transaction():
                await producer.send(
                    topic, message.value, partition=0, key=message.key, headers=list(message.headers)
                )


async def check(
    kafka: KafkaAccess, running: RunningLog, url: str, *, topic: Topic, read_to: int, dead_letters: str
) -> Comparison:
    await running.pool.execute("insert into offsets values ('audit', $1, 0, $2)", topic.name, read_to)
    address = kafka.address
    return await compare(address, Log(url, ORIGIN, SECRECY), topics=[topic], dead_letters=dead_letters)


async def test_a_record_that_is_not_in_the_log_is_named(
    kafka: KafkaAccess, running: RunningLog, database_url: str, topic: Topic
) -> None:
    dead_letters = kafka.topic()
    await produce(kafka, topic.name, 1, 2, 3, 4)
    lost = Record(topic.name, 0, 2, 0, b"", b"", ())
    letter = dead_letter(lost, to=dead_letters, kind="internal-error", reason="a test")
    async with AIOKafkaProducer(**kafka.connection) as producer:
        await producer.send_and_wait(dead_letters, letter.value, headers=list(letter.headers))
    await running.append(fact(1))
    done = await check(kafka, running, database_url, topic=topic, read_to=6, dead_letters=dead_letters)
    # The second record is a dead letter, the third is nowhere, the fourth has not been read yet.
    assert done.missing == [(topic.name, 0, 4)]
    assert (done.records[topic.name], done.dead[topic.name]) == (3, 1)

"""The parts of the local stack are real, and come back after a `kill -9` with what they held."""

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import create_conn
from aiokafka.errors import SaslAuthenticationFailed
from redis.asyncio import Redis

from amtsweg.stack import ports
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import PartFailedError
from amtsweg.stack.kafka import BrokerRefusedEverybody, Kafka
from tests.support.stack import Database, KafkaAccess, RealParts, unique


async def test_a_record_survives_a_kill_of_kafka(stack: RealParts, kafka: KafkaAccess) -> None:
    topic = kafka.topic()
    async with AIOKafkaProducer(**kafka.connection, enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, b"kept")
    port = stack.kafka.port

    stack.kafka.kill()
    stack.kafka.start()

    assert stack.kafka.port == port
    async with AIOKafkaConsumer(topic, **kafka.connection, auto_offset_reset="earliest") as consumer:
        record = await consumer.getone()
    assert record.value == b"kept"


async def test_kafka_refuses_a_wrong_password(kafka: KafkaAccess) -> None:
    asked = kafka.connection_as(kafka.username, password="wrong")
    host, port = asked.pop("bootstrap_servers").rsplit(":", 1)

    with pytest.raises(SaslAuthenticationFailed):
        await create_conn(host, int(port), **asked)


async def test_a_row_survives_a_kill_of_postgres(stack: RealParts, database: Database) -> None:
    connection = await asyncpg.connect(database.url)
    await connection.execute("create table kept (word text); insert into kept values ('kept')")
    connection.terminate()

    stack.postgres.kill()
    stack.postgres.start()

    connection = await asyncpg.connect(database.url)
    assert await connection.fetchval("select word from kept") == "kept"
    await connection.close()


async def test_redis_comes_back_on_the_same_port(stack: RealParts, redis_url: str) -> None:
    stack.redis.kill()
    stack.redis.start()

    client = Redis.from_url(redis_url)
    key = unique("key")
    await client.set(key, b"value")
    assert await client.get(key) == b"value"
    await client.aclose()


class Mistaken(Kafka):
    """A broker whose own administrator has another password than we show."""

    start_within_s = 30.0

    @property
    def endpoint(self) -> KafkaEndpoint:
        return replace(super().endpoint, password="another")


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_broker_that_refuses_our_password_is_started_once_more_and_then_given_up(tmp_path: Path) -> None:
    broker = Mistaken(tmp_path, port=ports.free_port(), controller_port=ports.free_port(), heap_mb=256)
    try:
        with (
            pytest.warns(BrokerRefusedEverybody),
            pytest.raises(PartFailedError, match=r"nicht bereit|not ready"),
        ):
            broker.start()
    finally:
        broker.stop()
    assert "Full thread dump" in broker.log.read_text()

"""The parts of the local stack are real, and come back after a `kill -9` with what they held."""

import re
import time
from dataclasses import replace

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import create_conn
from aiokafka.errors import SaslAuthenticationFailed
from redis.asyncio import Redis

from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.kafka import Kafka
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
    """The administrator's password that we show is another than the broker's."""

    @property
    def endpoint(self) -> KafkaEndpoint:
        return replace(super().endpoint, password="another")


def test_a_broker_that_refuses_the_administrator_is_named_as_the_cause(stack: RealParts) -> None:
    running = stack.kafka
    mistaken = Mistaken(running.var, port=running.port, controller_port=running.controller_port)
    refuses = re.compile("weist das Kennwort|refuses the administrator's password")
    deadline = time.monotonic() + 30
    while not refuses.search(mistaken.not_ready_yet()):
        assert not mistaken.ready()
        assert time.monotonic() < deadline

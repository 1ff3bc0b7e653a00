"""Real Kafka, PostgreSQL and Redis for tests: started once per session, with fresh names for every test.

async def test_it(kafka: KafkaAccess, database: Database, redis_url: str) -> None:
    topic = kafka.topic(partitions=3)
    async with AIOKafkaProducer(**kafka.connection) as producer: ...
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import NewTopic

from amtsweg.stack import pidfiles, ports
from amtsweg.stack.endpoints import SCRAM
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.postgres import Postgres
from amtsweg.stack.process import Part
from amtsweg.stack.redis import Redis
from shared.kafka.client import KafkaAddress

_HASTY = {"fsync": "off", "full_page_writes": "off"}
"""Only the machine may not fail: what a killed PostgreSQL has written, the operating system still keeps."""

_SESSIONS = Path(__file__).parents[2] / "var" / "tests"


@dataclass(frozen=True, slots=True)
class RealParts:
    """The parts themselves, for tests that kill and start them again."""

    kafka: Kafka
    postgres: Postgres
    redis: Redis
    var: Path


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """One real broker, as the super user."""

    part: Kafka

    @property
    def bootstrap(self) -> str:
        return self.part.bootstrap

    @property
    def username(self) -> str:
        return self.part.endpoint.username

    @property
    def password(self) -> str:
        return self.part.endpoint.password

    @property
    def address(self) -> KafkaAddress:
        return self.part.endpoint.address()

    @property
    def connection(self) -> dict[str, Any]:
        """Keyword arguments for aiokafka's clients."""
        return self.connection_as(self.username, password=self.password)

    def connection_as(self, username: str, *, password: str) -> dict[str, Any]:
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.part.endpoint.security_protocol,
            "sasl_mechanism": SCRAM,
            "sasl_plain_username": username,
            "sasl_plain_password": password,
        }

    def topic(
        self, prefix: str = "topic", *, partitions: int = 1, config: Mapping[str, str] | None = None
    ) -> str:
        """Create a topic with a name no other test has; returns the name."""
        name = unique(prefix)
        self.create(name, partitions=partitions, config=config)
        return name

    def create(self, *names: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Create topics of exactly these names."""
        wanted = [NewTopic(name, partitions, 1, config=dict(config or {})) for name in names]
        admin = self.part.endpoint.admin()
        for done in admin.create_topics(wanted).values():
            done.result(30)

    def recreate(self, topic: str) -> None:
        """Delete the topic and create it again; the name is free a little after Kafka has said that it is gone."""
        admin = self.part.endpoint.admin()  # once it is collected, nothing of it is answered any more
        for done in admin.delete_topics([topic]).values():
            done.result(30)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.create(topic)
            except KafkaException as refused:
                if refused.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return


@dataclass(frozen=True, slots=True)
class Database:
    """An empty PostgreSQL database of the test's own, entered as the super user."""

    name: str
    user: str
    password: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """With the password, for asyncpg."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{self.name}"

    @property
    def url_without_password(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}"


def unique(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(5)}"


@pytest.fixture(scope="session")
def stack() -> Iterator[RealParts]:
    _end_what_dead_sessions_left()
    var = _SESSIONS / str(os.getpid())
    pidfiles.record(var, "session", pid=os.getpid())
    parts = RealParts(
        kafka=Kafka(
            var,
            port=ports.free_port(),
            controller_port=ports.free_port(),
            heap_mb=512,
        ),
        postgres=Postgres(var, port=ports.free_port(), settings=_HASTY),
        redis=Redis(var, port=ports.free_port()),
        var=var,
    )
    running: tuple[Part, ...] = (parts.kafka, parts.postgres, parts.redis)
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(Part.start, running))
        yield parts
    finally:
        for part in running:
            part.kill()  # their data go with them
        shutil.rmtree(var, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka(stack: RealParts) -> KafkaAccess:
    return KafkaAccess(stack.kafka)


@pytest.fixture
def database(stack: RealParts) -> Database:
    """A new one; it goes with the session."""
    postgres = stack.postgres
    name = unique("test").replace("-", "_")
    postgres.execute(f'create database "{name}"')
    server = postgres.endpoint
    return Database(name=name, user=server.user, password=server.password, host=server.host, port=server.port)


@pytest.fixture(scope="session")
def redis_url(stack: RealParts) -> str:
    """Shared by the session: tests use keys of their own (`unique`)."""
    return stack.redis.url


def _end_what_dead_sessions_left() -> None:
    for folder in _SESSIONS.glob("[0-9]*"):
        if pidfiles.recorded(folder, "session") is None and not psutil.pid_exists(int(folder.name)):
            pidfiles.end_orphans(folder / "run")
            shutil.rmtree(folder, ignore_errors=True)

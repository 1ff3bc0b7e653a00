"""Intake on real parts: its adapters in a database of the test's own, and whole, as a process of its own."""

from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from aiokafka.structs import TopicPartition

from amtsweg.stack import ports
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.postgres import Postgres
from amtsweg.stack.provision.postgres import DATABASE
from amtsweg.stack.service import ServiceProcess
from amtsweg.stack.services import PROCESSES, ServiceEnvironment, environments
from amtsweg.stack.setup import LOG_ORIGIN, SetupSecrets, make_secrets, prepare_kafka, provision_postgres
from services.intake.adapters.postgres import MIGRATIONS
from shared.access.schema import SCHEMA
from shared.events.envelope import Event, decode
from shared.events.payload import Payload
from shared.events.topics import PARTITIONS, SUBMISSION_RECEIVED
from shared.kafka.read_to_end import read_to_end
from shared.postgres.migrations import upgrade
from shared.postgres.pool import Pool, open_pool
from tests.support.stack import Database, RealParts, unique

HESSEN = Path(__file__).parents[3] / "directory" / "hessen"
CLIENT = "landesplattform"


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """Connections to schema ``intake``, migrated, beside schema ``access``."""
    await upgrade(database.url, schema="intake", folder=MIGRATIONS)
    owner = await asyncpg.connect(database.url)
    await owner.execute(SCHEMA)
    await owner.close()
    opened = await open_pool(database.url, schema="intake", size=20)
    yield opened
    await opened.close()


@dataclass
class Ground:
    """A broker and a database server with everything that intake needs, and a process on them."""

    kafka: Kafka
    postgres: Postgres
    made: SetupSecrets
    service: ServiceProcess

    @property
    def url(self) -> str:
        return f"http://{ports.LOOPBACK}:{self.service.port}"

    def restart(self) -> None:
        """Kill -9, and start again."""
        self.service.kill()
        self.service.start()

    async def events(self, submission_id: str) -> Sequence[Event[Payload]]:
        """The submission's events on the topic, as a reader of committed records sees them now."""
        endpoint = self.kafka.endpoint
        admin = endpoint.address()
        starts = {TopicPartition(SUBMISSION_RECEIVED.name, number): 0 for number in range(PARTITIONS)}
        read = [record async for batch in read_to_end(admin, starts) for record in batch]
        events = [decode(each.value, each.headers, SUBMISSION_RECEIVED.payloads) for each in read]
        return [event for event in events if str(event.submission_id) == submission_id]

    async def lose_the_receipts(self) -> None:
        """As if the database had come back from a backup that is older than all of it."""
        for table in ("receipts", "receipt_ids", "history", "history_ids", "offsets"):
            await self.sql(f"DELETE FROM {table}")

    async def sql(self, statement: str, *values: object) -> Any:
        """Run a statement in schema ``intake`` as the super user; returns its first value."""
        connection = await asyncpg.connect(
            self.postgres.endpoint.url(DATABASE), server_settings={"search_path": "intake"}
        )
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()


@pytest.fixture(scope="package")
def ground(stack: RealParts) -> Iterator[Ground]:
    var = stack.var / "intake"
    kafka = Kafka(var, port=ports.free_port(), controller_port=ports.free_port(), heap_mb=512)
    postgres = Postgres(var, port=ports.free_port())
    made = make_secrets(var / "secrets")
    kafka.start()
    postgres.start()
    port = ports.free_port()
    surroundings = ServiceEnvironment(
        var=var,
        directory=HESSEN,
        kafka=kafka.endpoint,
        postgres=postgres.endpoint,
        redis_url=stack.redis.url,
        smtp_port=0,
        keys=made.keys,
        log_origin=LOG_ORIGIN,
        http=dict.fromkeys(PROCESSES, port),
    )
    service = ServiceProcess("intake", var=var, environment=environments(surroundings)["intake"], port=port)
    try:
        prepare_kafka(kafka.endpoint, replace(made, authorities=()))  # no inbox is needed here
        provision_postgres(postgres.endpoint, made)
        service.start()
        yield Ground(kafka, postgres, made, service)
    finally:
        service.stop()
        for part in (postgres, kafka):
            part.kill()  # their data go with them


@dataclass
class Platform:
    """The state platform: its token, and one submission that it may send again and again."""

    http: httpx.AsyncClient
    key: str

    async def submit(self, body: bytes | None = None, *, seconds: float = 10) -> httpx.Response:
        headers = {"Idempotency-Key": f'"{self.key}"'}
        return await self.http.post("/v1/submissions", content=body or BODY, headers=headers, timeout=seconds)


BODY = (
    b'{"service":"99050012104000","place":{"plz":"35390","town":"Giessen"},"content":{"beginn":"2026-02-01"},'
    b'"contact":{"email":"erika.mustermann@example.org"},"clientReference":"antrag-4711"}'
)


@pytest.fixture
async def platform(ground: Ground) -> AsyncIterator[Platform]:
    basic = b64encode(f"{CLIENT}:{ground.made.client_secret}".encode()).decode()
    async with httpx.AsyncClient(base_url=ground.url, timeout=60) as http:
        answer = await http.post(
            "/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
        )
        http.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
        yield Platform(http, unique("key"))

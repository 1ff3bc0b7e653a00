"""The router on real Kafka, as it is deployed: its own principal, all of Hessen's inboxes, a process of its own."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from aiokafka.structs import TopicPartition

from amtsweg.stack import ports
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.provision.grants import authority_login
from amtsweg.stack.provision.kafka import admit
from amtsweg.stack.provision.quotas import provision_quotas
from amtsweg.stack.service import ServiceProcess
from amtsweg.stack.services import PROCESSES, ServiceEnvironment, environments
from amtsweg.stack.setup import LOG_ORIGIN, SetupSecrets, make_secrets, prepare_kafka, provision_postgres
from shared.crypto.jwe import OwnKey, RecipientKey, open_sealed, seal
from shared.events import ids
from shared.events.competence import Place
from shared.events.envelope import Event, Message, encode
from shared.events.payload import Payload, Sealed
from shared.events.submission import SubmissionReceived
from shared.events.supplement import SupplementReceived
from shared.events.topics import SUBMISSION_RECEIVED
from shared.kafka.client import KafkaAddress, idempotent_producer
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record, partition_of
from tests.support.events import RECEIPT
from tests.support.following import followed
from tests.support.routing import HESSEN, about, event_of
from tests.support.stack import RealParts, unique

CHOSEN_PARTITIONS = 3
"""Another number than the usual one: nothing here may rest on that."""


@dataclass
class Ground:
    """One broker with everything that the router needs, and the ways to see what it did there."""

    kafka: Kafka
    made: SetupSecrets
    surroundings: ServiceEnvironment
    platform: RecipientKey
    untold: set[str]

    def login(self, username: str) -> KafkaAddress:
        """An authority's is told to the broker when it is first asked for: to tell it all of Hessen's takes seconds."""
        endpoint = replace(
            self.kafka.endpoint, username=username, password=self.made.kafka.passwords[username]
        )
        if username in self.untold:
            admit(self.kafka.endpoint, logins=self.made.kafka.only([username]))
            endpoint.admin().list_topics(timeout=60)  # it is admitted once it can sign in
            self.untold.remove(username)
        return endpoint.address()

    @property
    def admin(self) -> KafkaAddress:
        return self.kafka.endpoint.address()

    def router(self, instance: int = 0) -> ServiceProcess:
        """A router process that is not started yet."""
        return self.process("router", instance)

    def process(self, name: str, instance: int = 0) -> ServiceProcess:
        """One that is not started yet; each instance has a place and a port of its own."""
        port = ports.free_port()
        environment = environments(self.surroundings)[name] | {
            "AMTSWEG_HTTP__PORT": str(port),
            "AMTSWEG_INSTANCE": str(instance),
        }
        var = self.surroundings.var / f"{name}-{instance}"
        return ServiceProcess(name, var=var, environment=environment, port=port)

    def submission(
        self,
        reference: str | None = None,
        *,
        place: Place | None = None,
        content: bytes = b'{"betrieb":"Laden"}',
        service: str = RECEIPT.service,
    ) -> Event[SubmissionReceived]:
        """A submission nobody has sent before, as intake publishes it."""
        reference = reference or unique("antrag")
        submission_id = ids.submission_id("verwaltungsportal", reference)
        data = SubmissionReceived(
            receipt=RECEIPT.model_copy(update={"receipt_number": reference, "service": service}),
            place=place or Place(ags="06531005"),
            content=self._sealed(content, submission_id),
        )
        return about(submission_id, data, event_id=ids.child_id(submission_id, "received"))

    def supplement(self, received: Event[SubmissionReceived]) -> Event[SupplementReceived]:
        """Something more to this submission, as intake publishes it."""
        own_id = ids.submission_id("verwaltungsportal", unique("nachreichung"))
        data = SupplementReceived(receipt=RECEIPT, content=self._sealed(b"{}", own_id))
        event = about(own_id, data, event_id=ids.child_id(own_id, "received"))
        return replace(event, case_id=received.case_id)

    def _sealed(self, content: bytes, submission_id: UUID) -> Sealed:
        token = seal(
            content,
            key=self.platform,
            submission_id=submission_id,
            purpose="content",
            content_type="application/json",
        )
        return Sealed.model_validate_json(token)

    def opened(self, content: Sealed, *, authority: str, submission_id: UUID) -> bytes:
        key = json.loads(self.made.keys.of_authority(authority, "decryption.jwk").read_bytes())
        token = content.model_dump_json(by_alias=True).encode()
        return open_sealed(token, key=OwnKey(key), submission_id=submission_id, purpose="content")

    async def receive(self, *events: Event[Any]) -> None:
        """Put submissions where intake puts them."""
        await self.send(*(encode(event, SUBMISSION_RECEIVED.name) for event in events))

    async def send(self, *messages: Message, username: str | None = None) -> None:
        address = self.login(username) if username else self.admin
        async with idempotent_producer(address) as producer:
            sent = []
            for m in messages:
                count = len(await producer.partitions_for(m.topic))
                partition = partition_of(m.key, count)
                sent.append(
                    await producer.send(
                        m.topic, m.value, key=m.key, partition=partition, headers=[*m.headers]
                    )
                )
            await asyncio.gather(*sent)

    async def records(self, topic: str, *, partitions: int = CHOSEN_PARTITIONS) -> list[Record]:
        """What a reader of committed records sees on the topic now."""
        starts = {TopicPartition(topic, number): 0 for number in range(partitions)}
        return [record async for batch in read_to_end(self.admin, starts) for record in batch]

    async def told(
        self, topic: str, about: Iterable[UUID], *, partitions: int = CHOSEN_PARTITIONS
    ) -> list[Event[Payload]]:
        """The topic's events about these cases."""
        keys = {str(case).encode() for case in about}
        found = await self.records(topic, partitions=partitions)
        return [event_of(as_message(r)) for r in found if r.key in keys]

    async def until(
        self,
        topic: str,
        case: UUID,
        kind: type[Payload],
        *,
        partitions: int = CHOSEN_PARTITIONS,
        seconds: float = 120,
    ) -> Event[Payload]:
        """The first event of this kind about the case, once it is there."""
        async with (
            asyncio.timeout(seconds),
            aclosing(followed(self.admin, topic, partitions=partitions)) as records,
        ):
            async for record in records:
                if record.key == str(case).encode():
                    event = event_of(as_message(record))
                    if isinstance(event.data, kind):
                        return event
        raise AssertionError("a topic has no end")


def url(service: ServiceProcess) -> str:
    return f"http://{ports.LOOPBACK}:{service.port}"


def as_message(record: Record) -> Message:
    return Message(record.topic, record.key or b"", record.value, record.headers)


@pytest.fixture(scope="package")
def ground(stack: RealParts) -> Iterator[Ground]:
    """A broker of the package's own: the router's topics have the names that the catalogue gives them."""
    with own_ground(stack, "router") as made:
        yield made


@contextmanager
def own_ground(stack: RealParts, folder: str) -> Iterator[Ground]:
    """One with a broker of its own, while the block runs."""
    var = stack.var / folder
    kafka = Kafka(var, port=ports.free_port(), controller_port=ports.free_port(), heap_mb=512)
    made = make_secrets(var / "secrets")
    kafka.start()
    try:
        prepare_kafka(kafka.endpoint, made, partitions=CHOSEN_PARTITIONS)
        provision_quotas(kafka.endpoint, made.authorities)
        surroundings = ServiceEnvironment(
            var=var,
            directory=HESSEN,
            kafka=kafka.endpoint,
            postgres=stack.postgres.endpoint,
            redis_url=stack.redis.url,
            smtp_port=0,
            keys=made.keys,
            log_origin=LOG_ORIGIN,
            http=dict.fromkeys(PROCESSES, 0),
        )
        platform = RecipientKey(json.loads(made.keys.platform_public.read_bytes()))
        yield Ground(kafka, made, surroundings, platform, set(map(authority_login, made.authorities)))
    finally:
        kafka.kill()  # its data go with it


@contextmanager
def running(service: ServiceProcess) -> Iterator[ServiceProcess]:
    try:
        service.start()
        yield service
    finally:
        service.stop()


@pytest.fixture(scope="package")
def router(ground: Ground) -> Iterator[ServiceProcess]:
    """One router process for the tests that do not end it."""
    with running(ground.router()) as service:
        yield service


@pytest.fixture(scope="package")
def intake(ground: Ground, stack: RealParts) -> Iterator[ServiceProcess]:
    """The token door, and the database that it shares with doors and desk."""
    provision_postgres(stack.postgres.endpoint, ground.made)
    with running(ground.process("intake")) as service:
        yield service


@pytest.fixture(scope="package")
def doors(ground: Ground, router: ServiceProcess, intake: ServiceProcess) -> Iterator[ServiceProcess]:
    """The authorities' doors, beside that router."""
    with running(ground.process("doors")) as service:
        yield service


@pytest.fixture(scope="package")
def desk(ground: Ground, router: ServiceProcess, intake: ServiceProcess) -> Iterator[ServiceProcess]:
    """The clearing desk's process, beside that router."""
    with running(ground.process("desk")) as service:
        yield service

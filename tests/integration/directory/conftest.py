"""Two routers over a small directory: a broker with Nordmark's, and what it takes to change it and to look."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
import pytest
from aiokafka.structs import TopicPartition
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from amtsweg.directory.published import read
from amtsweg.stack import ports
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.provision import kafka as provision
from amtsweg.stack.provision.directory import seed_directory
from amtsweg.stack.provision.grants import services_and_operators
from amtsweg.stack.provision.keys import make_keys
from amtsweg.stack.provision.logins import Logins
from amtsweg.stack.service import ServiceProcess
from amtsweg.stack.services import PROCESSES, ServiceEnvironment, environments
from amtsweg.stack.setup import LOG_ORIGIN
from services.router.domain.directory.changeset import difference
from services.router.domain.directory.versions import Version
from shared.events import ids
from shared.events.competence import CompetenceDecision, Place
from shared.events.directory import DirectoryChanged
from shared.events.envelope import Event, decode, encode
from shared.events.submission import SubmissionParked, SubmissionReceived, SubmissionRouted
from shared.events.topics import DIRECTORY_CHANGED, PARTITIONS, SUBMISSION_RECEIVED, SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress, idempotent_producer
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import partition_of
from tests.support.directories import BEACON, NORDMARK
from tests.support.events import RECEIPT, sealed
from tests.support.routing import HESSEN, about
from tests.support.stack import RealParts, unique

DEICH = Place(ags="01051001")
AUTHORITIES = DISTRICT, MUNICIPALITY = "k-01051", "g-01051001"
"""Who decides on a beacon in Deich, depending on a threshold that a change of the directory moves."""


@dataclass(frozen=True)
class Pair:
    """A broker with Nordmark's directory, and two router processes that are not started yet."""

    kafka: Kafka
    address: KafkaAddress
    routers: Sequence[ServiceProcess]

    async def newest(self) -> Version:
        return (await read(self.address)).versions.newest

    async def publish_long_ago(self, change: DirectoryChanged) -> None:
        """As if it had been published in time: a test does not wait for two minutes."""
        stands_for_a_case = ids.directory_id(change.land)
        message = encode(
            Event(
                id=ids.directory_change_id(change.land, change.parent, change.result, change.effective_from),
                source="urn:amtsweg:tests",
                time=datetime.now(UTC),
                case_id=stands_for_a_case,
                submission_id=stands_for_a_case,
                data=change,
            ),
            DIRECTORY_CHANGED.name,
        )
        long_ago = change.effective_from - timedelta(minutes=2)
        async with idempotent_producer(self.address) as producer:
            await producer.send_and_wait(
                message.topic,
                message.value,
                key=change.land.encode(),
                partition=0,
                headers=[*message.headers],
                timestamp_ms=int(long_ago.timestamp() * 1000),
            )

    async def receive(self, events: Sequence[Event[SubmissionReceived]]) -> None:
        async with idempotent_producer(self.address) as producer:
            for event in events:
                message = encode(event, SUBMISSION_RECEIVED.name)
                await producer.send_and_wait(
                    message.topic,
                    message.value,
                    key=message.key,
                    partition=partition_of(message.key, PARTITIONS),
                    headers=[*message.headers],
                )

    async def decisions(self, events: Sequence[Event[SubmissionReceived]]) -> list[CompetenceDecision]:
        """The decision on each, in their order, once all are there."""
        found: dict[str, CompetenceDecision] = {}
        wanted = [str(event.submission_id) for event in events]
        starts = {TopicPartition(SUBMISSION_ROUTED.name, number): 0 for number in range(PARTITIONS)}
        async with asyncio.timeout(60):
            while not found.keys() >= set(wanted):
                async for records in read_to_end(self.address, starts):
                    for record in records:
                        event = decode(record.value, record.headers, SUBMISSION_ROUTED.payloads)
                        assert isinstance(event.data, SubmissionRouted | SubmissionParked)
                        if event.data.decision is not None:
                            found[str(event.submission_id)] = event.data.decision
        return [found[submission] for submission in wanted]

    async def settle(self) -> Version:
        """The threshold moves now, and nothing is pending any more; returns what is in force, once all know it."""
        await self.publish_long_ago(moved(await self.newest(), effective_from=datetime.now(UTC)))
        newest = await self.newest()
        for router in self.routers:
            if router.running:
                await until_named(newest, router)
        return newest

    async def until_each_has_half(self) -> None:
        admin = self.kafka.endpoint.admin()
        async with asyncio.timeout(60):
            while True:
                told = admin.describe_consumer_groups(["router"])["router"].result(10)
                shares = [len(member.assignment.topic_partitions) for member in told.members]
                if told.state == ConsumerGroupState.STABLE and len(set(shares)) == 1 and len(shares) == 2:
                    return
                await asyncio.sleep(0.1)


def received(at: datetime, *, per_partition: int = 1) -> list[Event[SubmissionReceived]]:
    """Submissions of one instant, so many in each partition. Nobody could open them: who decides counts."""
    receipt = RECEIPT.model_copy(update={"received_at": at, "service": BEACON})
    data = SubmissionReceived(receipt=receipt, place=DEICH, content=sealed())
    found: dict[int, list[Event[SubmissionReceived]]] = {number: [] for number in range(PARTITIONS)}
    while any(len(events) < per_partition for events in found.values()):
        submission = ids.submission_id("verwaltungsportal", unique("antrag"))
        event = about(submission, data, event_id=ids.child_id(submission, "received"))
        partition = partition_of(str(event.case_id).encode(), PARTITIONS)
        if len(found[partition]) < per_partition:
            found[partition].append(event)
    return [event for events in found.values() for event in events]


def moved(newest: Version, *, effective_from: datetime) -> DirectoryChanged:
    """The threshold moves, down or up again."""
    return difference(
        newest.tables,
        {**newest.tables, "competences": with_other_threshold(newest.tables["competences"])},
        land=newest.change.land,
        name=newest.change.name,
        effective_from=effective_from,
        reason="erfunden",
        provenance=newest.provenance,
    )


def with_other_threshold(competences: str) -> str:
    old, new = ("7500", "5000") if "above:7500" in competences else ("5000", "7500")
    return competences.replace(f"above:{old}", f"above:{new}")


@pytest.fixture(scope="package")
def pair(stack: RealParts) -> Iterator[Pair]:
    var = stack.var / "two-routers"
    kafka = Kafka(var, port=ports.free_port(), controller_port=ports.free_port(), heap_mb=384)
    keys = make_keys(var / "keys", authorities=AUTHORITIES, log_origin=LOG_ORIGIN)
    kafka.start()
    try:
        logins = Logins.of({name: keys.of(name, "kafka-password") for name in services_and_operators()})
        provision.prepare(kafka.endpoint, authorities=AUTHORITIES, logins=logins)
        provision.admit(kafka.endpoint, logins=logins)
        seed_directory(kafka.endpoint, NORDMARK)
        _stamped_by_the_producer(kafka)
        surroundings = ServiceEnvironment(
            var=var,
            directory=HESSEN,
            kafka=kafka.endpoint,
            postgres=stack.postgres.endpoint,
            redis_url=stack.redis.url,
            smtp_port=0,
            keys=keys,
            log_origin=LOG_ORIGIN,
            http=dict.fromkeys(PROCESSES, 0),
        )
        endpoint = kafka.endpoint
        address = endpoint.address()
        yield Pair(kafka, address, [_router(surroundings, number) for number in range(2)])
    finally:
        kafka.kill()  # its data go with it


def _router(surroundings: ServiceEnvironment, number: int) -> ServiceProcess:
    """The second one comes from an image with other files, and is told of them as routers once were."""
    port = ports.free_port()
    environment = environments(surroundings)["router"] | {
        "AMTSWEG_HTTP__PORT": str(port),
        "AMTSWEG_INSTANCE": str(number),
        "AMTSWEG_DIRECTORY_FRESH": "PT1S",
        "AMTSWEG_DIRECTORY": str(HESSEN if number else NORDMARK),
    }
    return ServiceProcess(
        "router", var=surroundings.var / f"router-{number}", environment=environment, port=port
    )


def _stamped_by_the_producer(kafka: Kafka) -> None:
    entry = ConfigEntry("message.timestamp.type", "CreateTime", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, DIRECTORY_CHANGED.name, incremental_configs=[entry])
    admin = kafka.endpoint.admin()
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(10)


@pytest.fixture(scope="package")
def routers(pair: Pair) -> Iterator[Sequence[ServiceProcess]]:
    try:
        for router in pair.routers:
            router.launch()
        for router in pair.routers:
            router.wait_until_ready()
        yield pair.routers
    finally:
        for router in pair.routers:
            router.stop()


async def health(router: ServiceProcess) -> Mapping[str, Mapping[str, str]]:
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"http://{ports.LOOPBACK}:{router.port}/health/ready")
        return cast("Mapping[str, Mapping[str, str]]", answer.json())


async def until_named(version: Version, router: ServiceProcess) -> None:
    """Until the router says that it knows this version."""
    async with asyncio.timeout(60):
        while version.id[:12] not in (await health(router))["directory"]["reason"]:  # noqa: ASYNC110 - it is a process that is asked
            await asyncio.sleep(0.1)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command says is asked for in English here; that both are said, `tests/component/command` shows."""
    monkeypatch.setenv("AMTSWEG_LANG", "en")

"""Three brokers keep what one of them loses: a leader is killed under load, and no acknowledged record is lost or doubled."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from confluent_kafka.admin import ConfigResource, ResourceType

from amtsweg.stack.provision import kafka as provision_kafka
from amtsweg.stack.provision.grants import authority_login, services_and_operators
from amtsweg.stack.provision.logins import Logins
from amtsweg.stack.provision.topics import wanted
from shared.engine import KafkaToKafka, Plan
from shared.errors import Unavailable
from shared.kafka.client import close, idempotent_producer
from shared.kafka.described_topics import describe, show_copies
from shared.kafka.records import partition_of
from shared.telemetry.health import Condition, Health
from tests.integration.engine.conftest import Bench
from tests.integration.engine.steps import counting
from tests.support.brokers import ThreeBrokers, three_brokers
from tests.support.stack import unique

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

AUTHORITY = "ihk-fulda"
OF_KAFKA = ("__consumer_offsets", "__transaction_state")


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeBrokers]:
    with three_brokers(tmp_path_factory.mktemp("three")) as cluster:
        yield cluster


@pytest.fixture
def bench(brokers: ThreeBrokers) -> Bench:
    return Bench(brokers, brokers.address)


def provisioned(brokers: ThreeBrokers, folder: Path) -> None:
    names = (*services_and_operators(), authority_login(AUTHORITY))
    logins = Logins.of({name: folder / name for name in names})
    provision_kafka.prepare(brokers.endpoint, authorities=(AUTHORITY,), logins=logins, partitions=3)
    provision_kafka.admit(brokers.endpoint, logins=logins)


async def copies(brokers: ThreeBrokers, *names: str) -> Condition:
    """What a process that reads these topics says of their copies."""
    condition = Health().part("copies")
    show_copies(await describe(brokers.address, names), condition)
    return condition


async def until_copies(brokers: ThreeBrokers, *names: str, standing: str) -> str:
    async with asyncio.timeout(120):
        while True:
            with suppress(Unavailable):
                told = await copies(brokers, *names)
                if told.standing == standing:
                    return told.reason
            await asyncio.sleep(0.2)


@dataclass
class Load:
    """Sends numbered records, one after the other for each key, and knows which were acknowledged."""

    bench: Bench
    topic: str
    acknowledged: dict[bytes, list[int]] = field(default_factory=lambda: defaultdict(list))
    going: bool = True

    async def until(self, more: int) -> None:
        """Wait until so many more are acknowledged."""
        goal = self.count + more
        async with asyncio.timeout(240):
            while self.count < goal:  # noqa: ASYNC110 - the broker acknowledges
                await asyncio.sleep(0.05)

    @property
    def count(self) -> int:
        return sum(map(len, self.acknowledged.values()))

    async def run(self) -> None:
        producer = idempotent_producer(self.bench.address)
        await producer.start()
        try:
            await asyncio.gather(*(self._of(producer, b"case-%d" % number) for number in range(24)))
        finally:
            await close(producer)

    async def _of(self, producer: AIOKafkaProducer, key: bytes) -> None:
        number = 0
        while self.going:
            number += 1
            partition = partition_of(key, self.bench.counts[self.topic])
            await producer.send_and_wait(self.topic, b"%d" % number, key=key, partition=partition)
            self.acknowledged[key].append(number)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def kept_running(bench: Bench, plan: Plan, target: str) -> AsyncIterator[list[str]]:
    """The group's engine, started again when it ends, as every process is; yields why it ended."""
    ended: list[str] = []

    async def again() -> None:
        while True:
            part: KafkaToKafka = bench.engine(plan, counting(target), target)
            try:
                await part.run()
            except (KafkaError, Unavailable, OSError, RuntimeError) as error:
                ended.append(f"{type(error).__name__}: {error}")
            await asyncio.sleep(0.2)

    task = asyncio.ensure_future(again())
    try:
        yield ended
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_provisioned_topics_have_three_copies_and_two_brokers_must_have_each_record(
    brokers: ThreeBrokers, tmp_path: Path
) -> None:
    provisioned(brokers, tmp_path)
    names = sorted(topic.name for topic in wanted([AUTHORITY]))
    found = (await describe(brokers.address, names)).topics
    assert {name: found[name].copies for name in names} == dict.fromkeys(names, 3)
    admin = brokers.endpoint.admin()
    asked = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names])
    told = {resource.name: done.result(30) for resource, done in asked.items()}
    assert {name: told[name]["min.insync.replicas"].value for name in names} == dict.fromkeys(names, "2")
    assert (await copies(brokers, *names)).standing == "ready"
    provisioned(brokers, tmp_path)  # looks at what there is, Kafka's own topics included


async def test_one_copy_among_three_brokers_is_degraded(brokers: ThreeBrokers) -> None:
    name = unique("single")
    brokers.create(name, copies=1)
    told = await copies(brokers, name)
    assert (told.standing, "one copy" in told.reason) == ("degraded", True)


async def test_a_leader_that_is_killed_under_load_loses_and_doubles_nothing(
    brokers: ThreeBrokers, bench: Bench
) -> None:
    source, target = bench.topic("in", partitions=3), bench.topic("out", partitions=3)
    plan = Plan(
        group=bench.group,
        inputs=(source,),
        dead_letters=bench.topic("dead"),
        state_topic=bench.topic("state", partitions=3, config={"cleanup.policy": "compact"}),
        outcomes=None,
    )
    load = Load(bench, source)
    async with kept_running(bench, plan, target) as ended:
        sending = asyncio.ensure_future(load.run())
        await load.until(300)
        for topic in (source, target):
            killed = brokers.leader(topic)
            killed.kill()
            assert "in sync" in await until_copies(brokers, source, standing="degraded")
            await load.until(300)  # two of three go on
            await asyncio.to_thread(killed.start)
            await until_copies(brokers, source, target, *OF_KAFKA, standing="ready")
        await load.until(100)
        load.going = False
        await sending
        records = await bench.read_until(target, load.count, seconds=240)
    assert ended == []
    applied: dict[bytes, list[bytes]] = defaultdict(list)
    for record in records:
        applied[record.key or b""].append(record.value or b"")
    assert applied == {
        key: [b"%d %d" % (number, number) for number in numbers] for key, numbers in load.acknowledged.items()
    }
    assert await bench.read(plan.dead_letters) == []

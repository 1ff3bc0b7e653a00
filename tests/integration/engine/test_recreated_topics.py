"""A topic that was deleted and created again stops a group, also where offsets fit; an order makes it read the new one."""

import asyncio

from shared.engine import KafkaToPostgres, Plan
from shared.events.operation import GoOnOrdered
from shared.kafka.described_topics import describe
from shared.kafka.records import Message
from shared.postgres.pool import Pool
from shared.service.run import Component
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.steps import Effects, counting


def plan(bench: Bench, source: str) -> Plan:
    operations = bench.topic("operations")
    return Plan(
        group=bench.group,
        inputs=(source, operations),
        dead_letters=bench.topic("dead"),
        state_topic=bench.topic("state", config={"cleanup.policy": "compact"}),
        operations=operations,
        outcomes=None,
    )


async def refuses_then_goes_on(bench: Bench, its_plan: Plan, part: Component, source: str) -> None:
    """The topic has been created anew and holds more records than were read of the old one."""
    async with running(part):
        async with asyncio.timeout(60):
            refused = f"{source}: deleted and created anew"
            while refused not in bench.health.part(bench.group).reason:  # noqa: ASYNC110 - the engine says it
                await asyncio.sleep(0.05)
        async with asyncio.timeout(60):
            while bench.health.part(bench.group).standing != "ready":
                await bench.order(its_plan, GoOnOrdered(group=bench.group, principal="operator"))
                await asyncio.sleep(0.5)
        await bench.until_metric("records", 5, seconds=60)


async def test_states_in_kafka(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    await bench.send(Message(source, b"k", b"old"))
    async with running(bench.engine(its_plan, counting(target), target)):
        await bench.read_until(target, 1, seconds=60)

    bench.kafka.recreate(source)
    await bench.send(*(Message(source, b"k", b"new") for _ in range(4)))
    await refuses_then_goes_on(bench, its_plan, bench.engine(its_plan, counting(target), target), source)

    assert [record.value for record in await bench.read(target)] == [
        b"old 1",
        *(b"new %d" % n for n in range(2, 6)),
    ]


async def test_offsets_in_postgresql(bench: Bench, pool: Pool) -> None:
    source = bench.topic("in")
    its_plan = plan(bench, source)

    def engine() -> KafkaToPostgres:
        return KafkaToPostgres(
            its_plan,
            Effects(),
            address=bench.address,
            pool=pool,
            health=bench.health,
            telemetry=bench.telemetry,
        )

    await bench.send(Message(source, b"k", b"old"))
    async with running(engine()):
        await bench.until_metric("records", 1, seconds=60)

    bench.kafka.recreate(source)
    await bench.send(*(Message(source, b"k", b"new") for _ in range(4)))
    await refuses_then_goes_on(bench, its_plan, engine(), source)

    rows = await pool.fetch("SELECT value FROM effects WHERE topic = $1 ORDER BY id", source)
    assert [row["value"] for row in rows] == [b"old", *[b"new"] * 4]


async def test_health_says_that_a_single_broker_keeps_one_copy(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    await bench.send(Message(source, b"k", b"x"))
    async with running(bench.engine(plan(bench, source), counting(target), target)):
        await bench.read_until(target, 1, seconds=60)

    copies = bench.health.part("copies")
    assert (copies.standing, copies.reason.partition(":")[0]) == ("degraded", "one copy")
    assert bench.health.part(bench.group).standing == "ready"


async def test_a_topic_that_does_not_exist_is_left_out_of_the_description(bench: Bench) -> None:
    source = bench.topic("in")

    cluster = await describe(bench.address, [source, "there-is-none"])

    assert cluster.brokers == 1
    assert [*cluster.topics] == [source]
    assert cluster.topics[source].copies == cluster.topics[source].in_sync == 1

"""One task over many topics of strangers: what one of them does harms none of the others."""

import asyncio
import re
from collections.abc import Sequence

from shared.engine import Plan, State
from shared.errors import Unavailable, Undecodable
from shared.kafka.records import Message, Record
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.steps import Step
from tests.support.stack import unique


def relaying(target: str, *, failing: str = "") -> Step:
    def on_record(record: Record, state: State) -> Sequence[Message]:
        if record.topic == failing:
            raise Unavailable("this outbox cannot be relayed now")
        if record.value == b"!":
            raise Undecodable("the value is an exclamation mark")
        return (Message(target, record.key or b"", record.value),)

    return Step(on_record)


def outboxes(bench: Bench, count: int) -> tuple[re.Pattern[str], list[str]]:
    run = unique("authority")
    names = [f"{run}.{n}.outbox" for n in range(count)]
    bench.kafka.create(*names)
    bench.counts |= dict.fromkeys(names, 1)
    return re.compile(rf"^{run}\..*\.outbox$"), names


def plan(bench: Bench, pattern: re.Pattern[str]) -> Plan:
    return Plan(group=bench.group, inputs=pattern, dead_letters=bench.topic("dead"), single_task=True)


async def test_all_outboxes_are_relayed_and_a_new_one_joins(bench: Bench) -> None:
    pattern, names = outboxes(bench, 40)
    target = bench.topic("out", partitions=3)
    await bench.send(
        *(Message(name, b"k%d" % n, b"%d" % n) for n, name in enumerate(names) for _ in range(3))
    )
    async with running(bench.engine(plan(bench, pattern), relaying(target), target)):
        assert len(await bench.read_until(target, 120)) == 120
    late = names[0].replace(".0.", ".late.")
    bench.kafka.create(late)
    bench.counts[late] = 1
    await bench.send(Message(late, b"late", b"late"))
    async with running(bench.engine(plan(bench, pattern), relaying(target), target)):
        records = await bench.read_until(target, 121)
    assert b"late" in {record.value for record in records}


async def test_a_failing_outbox_waits_alone(bench: Bench) -> None:
    pattern, names = outboxes(bench, 5)
    target = bench.topic("out")
    its_plan = plan(bench, pattern)
    await bench.send(*(Message(name, b"k", name.encode()) for name in names for _ in range(4)))
    async with running(bench.engine(its_plan, relaying(target, failing=names[2]), target)):
        assert len(await bench.read_until(target, 16)) == 16
    async with running(bench.engine(its_plan, relaying(target), target)):
        records = await bench.read_until(target, 20)
    assert [r.value for r in records[16:]] == [names[2].encode()] * 4


async def test_a_flooded_outbox_waits_alone_and_the_consumer_goes_on(bench: Bench) -> None:
    pattern, names = outboxes(bench, 3)
    target = bench.topic("out")
    its_plan = plan(bench, pattern)
    await bench.send(*(Message(names[0], b"k", b"!") for _ in range(100)))
    async with running(bench.engine(its_plan, relaying(target), target)):
        await bench.send(Message(names[1], b"k", b"fine"))
        await bench.read_until(target, 1)
        await asyncio.sleep(1)
    assert 0 < len(await bench.read(its_plan.dead_letters)) < 25


async def test_a_header_that_cannot_be_parsed_stops_no_other_outbox(bench: Bench) -> None:
    pattern, names = outboxes(bench, 20)
    target = bench.topic("out")
    its_plan = plan(bench, pattern)
    await bench.send(*(Message(name, b"k", b"first") for name in names))
    await bench.send_with_header_name(b"\xff\xff", Message(names[7], b"k", b"escaped"))
    await bench.send(*(Message(name, b"k", b"second") for name in names))
    async with running(bench.engine(its_plan, relaying(target), target)):
        records = await bench.read_until(target, 41)
    assert sorted(r.value or b"" for r in records) == [b"escaped", *[b"first"] * 20, *[b"second"] * 20]

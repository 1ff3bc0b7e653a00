"""One task over several topics: what fails in one of them harms none of the others."""

from collections.abc import Sequence

from shared.engine import Plan, State
from shared.errors import Unavailable, Undecodable
from shared.kafka.records import Message, Record
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.steps import Step
from tests.support.stack import unique


def copying(target: str, *, failing: str = "") -> Step:
    def on_record(record: Record, state: State) -> Sequence[Message]:
        if record.topic == failing:
            raise Unavailable("this topic cannot be copied now")
        if record.value == b"!":
            raise Undecodable("the value is an exclamation mark")
        return (Message(target, record.key or b"", record.value),)

    return Step(on_record)


def topics(bench: Bench, count: int) -> list[str]:
    run = unique("input")
    names = [f"{run}.{n}" for n in range(count)]
    bench.kafka.create(*names)
    bench.counts |= dict.fromkeys(names, 1)
    return names


def plan(bench: Bench, names: Sequence[str]) -> Plan:
    return Plan(group=bench.group, inputs=tuple(names), dead_letters=bench.topic("dead"), single_task=True)


async def test_a_failing_topic_waits_alone(bench: Bench) -> None:
    names = topics(bench, 5)
    target = bench.topic("out")
    its_plan = plan(bench, names)
    await bench.send(*(Message(name, b"k", name.encode()) for name in names for _ in range(4)))
    async with running(bench.engine(its_plan, copying(target, failing=names[2]), target)):
        assert len(await bench.read_until(target, 16)) == 16
    async with running(bench.engine(its_plan, copying(target), target)):
        records = await bench.read_until(target, 20)
    assert [r.value for r in records[16:]] == [names[2].encode()] * 4


async def test_a_header_that_cannot_be_parsed_stops_no_other_topic(bench: Bench) -> None:
    names = topics(bench, 20)
    target = bench.topic("out")
    its_plan = plan(bench, names)
    await bench.send(*(Message(name, b"k", b"first") for name in names))
    await bench.send_with_header_name(b"\xff\xff", Message(names[7], b"k", b"escaped"))
    await bench.send(*(Message(name, b"k", b"second") for name in names))
    async with running(bench.engine(its_plan, copying(target), target)):
        records = await bench.read_until(target, 41)
    assert sorted(r.value or b"" for r in records) == [b"escaped", *[b"first"] * 20, *[b"second"] * 20]

"""The transactional engine on real Kafka: state, dead letters, isolation of what fails."""

from collections.abc import Sequence

from shared.engine import Plan
from shared.kafka.records import Message, Record
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.steps import counting


def plan(bench: Bench, *inputs: str, partitions: int = 1) -> Plan:
    return Plan(
        group=bench.group,
        inputs=inputs,
        dead_letters=bench.topic("dead"),
        state_topic=bench.topic("state", partitions=partitions, config={"cleanup.policy": "compact"}),
    )


def values(records: Sequence[Record]) -> list[bytes | None]:
    return [record.value for record in records]


async def test_records_pass_with_their_state_and_order(bench: Bench) -> None:
    source, target = bench.topic("in", partitions=2), bench.topic("out", partitions=2)
    await bench.send(*(Message(source, b"k%d" % (n % 5), b"%d" % n) for n in range(50)))
    engine = bench.engine(plan(bench, source, partitions=2), counting(target), target)
    async with running(engine):
        records = await bench.read_until(target, 50)
    for key in range(5):
        own = [r.value for r in records if r.key == b"k%d" % key]
        assert own == [b"%d %d" % (5 * n + key, n + 1) for n in range(10)]


async def test_the_state_outlives_the_process(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    for run in range(3):
        await bench.send(Message(source, b"k", b"run"))
        async with running(bench.engine(its_plan, counting(target), target)):
            records = await bench.read_until(target, run + 1)
    assert values(records) == [b"run 1", b"run 2", b"run 3"]


async def test_an_undecodable_record_is_set_aside_unchanged_and_the_rest_flows_on(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    await bench.send(
        Message(source, b"a", b"1"),
        Message(source, b"b", b"!", (("h", b"\xff"),)),
        Message(source, b"a", b"2"),
    )
    async with running(bench.engine(its_plan, counting(target), target)):
        assert values(await bench.read_until(target, 2)) == [b"1 1", b"2 2"]
    (letter,) = await bench.read(its_plan.dead_letters)
    assert (letter.key, letter.value, letter.headers[0]) == (b"b", b"!", ("h", b"\xff"))


async def test_a_record_that_makes_the_code_fail_is_isolated(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    await bench.send(
        Message(source, b"a", b"1"),
        Message(source, b"b", b"?"),
        Message(source, b"b", b"later"),
        Message(source, b"a", b"2"),
    )
    async with running(bench.engine(its_plan, counting(target), target)):
        assert values(await bench.read_until(target, 2)) == [b"1 1", b"2 2"]
    assert values(await bench.read(its_plan.dead_letters)) == [b"?", b"later"]


async def test_a_record_that_aiokafka_cannot_parse_loses_nothing_and_blocks_nothing(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    await bench.send(*(Message(source, b"a", b"before") for _ in range(3)))
    await bench.send_with_header_name(b"\xff\xfeab", Message(source, b"a", b"!"))
    await bench.send_with_header_name(b"\xff\xfecd", Message(source, b"a", b"readable"))
    await bench.send(*(Message(source, b"a", b"after") for _ in range(3)))
    async with running(bench.engine(its_plan, counting(target), target)):
        records = await bench.read_until(target, 7)
    assert [v.split()[0] for v in values(records) if v] == [b"before"] * 3 + [b"readable"] + [b"after"] * 3
    (letter,) = await bench.read(its_plan.dead_letters)
    assert (letter.value, letter.headers[0]) == (b"!", ("\\xff\\xfeab", b"v"))

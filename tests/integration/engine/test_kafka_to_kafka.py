"""The transactional engine on real Kafka: state, dead letters, isolation of what fails."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from shared.engine import InputsRead, Plan, State
from shared.events.operation import GoOnOrdered, OperationSettled
from shared.kafka.dead_letters import reported, settled
from shared.kafka.records import Message, Record, partition_of
from tests.integration.engine.conftest import Bench, replay_of, running
from tests.integration.engine.steps import Step, counting


def plan(bench: Bench, *inputs: str, partitions: int = 1) -> Plan:
    operations = bench.topic("operations", partitions=partitions)
    return Plan(
        group=bench.group,
        inputs=(*inputs, operations),
        operations=operations,
        outcomes=bench.topic("outcomes"),
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


async def test_a_partition_that_fails_again_and_again_disturbs_no_other(bench: Bench) -> None:
    source, target = bench.topic("in", partitions=3), bench.topic("out", partitions=3)
    failing = partition_of(b"failing", 3)

    def on_record(record: Record, state: State) -> Sequence[Message]:
        if record.key == b"failing":
            state.put("k", bytes(3_000_000))  # no topic takes it: the transaction cannot be committed
        return (Message(target, record.key or b"", record.value),)

    others = [key for key in (b"k%d" % n for n in range(20)) if partition_of(key, 3) != failing]
    async with running(bench.engine(plan(bench, source, partitions=3), Step(on_record), target)):
        await bench.send(Message(source, b"failing", b"x"))
        await bench.until_metric("tasks_reopened", 2)
        await bench.send(*(Message(source, key, b"x") for key in others))
        records = await bench.read_until(target, len(others))
        standing = bench.health.report()[bench.group]
    assert {record.key for record in records} == {*others}
    assert (standing["standing"], standing["reason"][:6]) == ("unready", f"unit {failing}")
    assert bench.metric("sessions_ended") == 0


async def test_a_replay_is_copied_from_its_origin_by_the_group_that_it_is_ordered_of(bench: Bench) -> None:
    source, targets = bench.topic("in"), (bench.topic("out"), bench.topic("out"))
    first = plan(bench, source)
    plans = [
        replace(first, group=f"{bench.group}-one"),
        replace(
            plan(bench, source),
            group=f"{bench.group}-other",
            operations=first.operations,
            inputs=first.inputs,
        ),
    ]
    await bench.send(
        Message(source, b"a", b"?"), Message(source, b"b", b"?"), Message(source, b"a", b"later")
    )
    engines = [bench.engine(p, counting(t), t, p.outcomes or "") for p, t in zip(plans, targets, strict=True)]
    async with running(engines[0]), running(engines[1]):
        letters = [await bench.read_until(p.dead_letters, 3) for p in plans]
        await bench.order(first, replay_of(letters[0][0], group=plans[0].group))
        still = (await bench.read_until(plans[0].dead_letters, 4))[3]  # the bug is still there
    mended = Step(lambda record, _: (Message(targets[0], record.key or b"", record.value),))
    outcomes = plans[0].outcomes or ""
    async with running(bench.engine(plans[0], mended, targets[0], outcomes)), running(engines[1]):
        await bench.order(first, *(replay_of(letter, group=plans[0].group) for letter in letters[0]))
        assert values(await bench.read_until(targets[0], 3)) == [b"?", b"?", b"later"]
        await bench.send(Message(source, b"a", b"after"))
        assert values(await bench.read_until(targets[0], 4))[3] == b"after"
        mine = (await bench.read_until(plans[0].dead_letters, 7))[4:]
        theirs = await bench.read_until(plans[1].dead_letters, 4)
        told = [OperationSettled.from_json(each.value or b"") for each in await bench.read_until(outcomes, 4)]
    assert [each.outcome for each in told] == ["failed", "applied", "applied", "applied"]
    assert [getattr(reported(still), "outcome", None), settled(still)] == ["failed", None]
    assert [settled(note) for note in mine] == [f"{source}/0/0", f"{source}/0/1", f"{source}/0/2"]
    assert [settled(letter) for letter in theirs] == [None] * 4


async def test_a_stopped_group_goes_on_when_it_is_ordered_to(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    await bench.send(*(Message(source, b"%d" % n, b"!") for n in range(25)), Message(source, b"a", b"1"))
    async with running(bench.engine(its_plan, counting(target), target, its_plan.outcomes or "")):
        assert "go-on" in await bench.until_unready()
        assert len(await bench.read(its_plan.dead_letters)) == 20
        async with asyncio.timeout(60):
            while not await bench.read(target):  # an order that was given before the stop does not count
                await bench.order(its_plan, GoOnOrdered(group=bench.group, principal="operator"))
                await asyncio.sleep(0.5)
    assert values(await bench.read(target)) == [b"1 1"]


async def test_what_is_due_by_time_is_done_in_a_transaction_of_its_own(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = replace(plan(bench, source), punctuate_interval=timedelta(milliseconds=20))

    def punctuate(keys: Sequence[str], state: State, reading: InputsRead) -> Sequence[Message]:
        over = [key for key in keys if state.get(key) == b"2" and not reading.blocked(key)]
        for key in over:
            state.delete(key)
        return [Message(target, key.encode(), b"over") for key in over]

    await bench.send(*(Message(source, key, b"x") for key in (b"a", b"a", b"b")))
    async with running(bench.engine(its_plan, counting(target), target, punctuate=punctuate)):
        records = await bench.read_until(target, 4)
        await bench.send(Message(source, b"a", b"y"), Message(source, b"b", b"y"))
        records = await bench.read_until(target, 7)
    assert sorted(r.value or b"" for r in records[3:]) == [b"over", b"over", b"y 1", b"y 2"]
    final = {r.key: r.value for r in await bench.read(its_plan.state_topic or "")}
    assert (final[b"a"], final[b"b"]) == (b"1", None)


async def test_without_its_groups_offsets_the_engine_reads_on_where_its_state_says(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    await bench.send(*(Message(source, b"k", b"x") for _ in range(3)))
    async with running(bench.engine(its_plan, counting(target), target)):
        await bench.read_until(target, 3)

    bench.forget_group()
    await bench.send(Message(source, b"k", b"x"))
    async with running(bench.engine(its_plan, counting(target), target)):
        records = await bench.read_until(target, 4)

    assert values(records) == [b"x 1", b"x 2", b"x 3", b"x 4"]


async def test_states_without_any_position_stop_the_consumer_instead_of_a_second_reading(
    bench: Bench,
) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    its_plan = plan(bench, source)
    await bench.send(Message(its_plan.state_topic or "", b"k", b"7"), Message(source, b"k", b"x"))

    async with running(bench.engine(its_plan, counting(target), target)):
        reason = await bench.until_unready()

    assert "nothing tells how far the inputs have been read" in reason
    assert await bench.read(target) == []

"""Objects that stay on their topic and are read back when a person asks for one."""

from collections.abc import Sequence

from shared.engine import Plan, State
from shared.kafka.records import Message, Record
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.steps import Step


def shelving(shelf: str, target: str) -> Step:
    """A value is shelved under its key; ``get <key>`` sends it on, ``drop <key>`` takes it away."""

    def on_record(record: Record, state: State) -> Sequence[Message]:
        match (record.value or b"").decode().split():
            case "get", key:
                held = state.held(key)
                return (Message(target, b"k", b"nothing" if held is None else held.value),)
            case "drop", key:
                return (Message(shelf, key.encode(), None),)
        return (Message(shelf, record.key or b"", record.value),)

    def wants(record: Record, state: State) -> Sequence[str]:
        words = (record.value or b"").decode().split()
        return words[1:] if words[0] == "get" else ()

    return Step(on_record, wants=wants)


async def test_what_is_held_can_be_read_back_in_this_process_and_the_next(bench: Bench) -> None:
    source, target, shelf = (bench.topic(name) for name in ("in", "out", "shelf"))
    plan = Plan(group=bench.group, inputs=(source,), dead_letters=bench.topic("dead"), lookup_topic=shelf)
    step = shelving(shelf, target)
    await bench.send(
        Message(source, b"a", b"first"),
        Message(source, b"a", b"second"),
        Message(source, b"b", b"other"),
        Message(source, b"x", b"get a"),
    )
    async with running(bench.engine(plan, step, target)):
        assert [r.value for r in await bench.read_until(target, 1)] == [b"second"]
    await bench.send(
        Message(source, b"x", b"get b"), Message(source, b"x", b"drop b"), Message(source, b"x", b"get a")
    )
    async with running(bench.engine(plan, step, target)):
        await bench.read_until(target, 3)
        await bench.send(Message(source, b"x", b"get b"))
        records = await bench.read_until(target, 4)
    assert [r.value for r in records] == [b"second", b"other", b"second", b"nothing"]

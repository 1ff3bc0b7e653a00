"""Output topics that are missing, forbidden or too narrow: reported, parked for, never a dead end."""

import secrets
from collections.abc import Sequence

from confluent_kafka.admin import AclOperation

from shared.engine import KafkaToKafka, Plan, State
from shared.kafka.dead_letters import origin
from shared.kafka.output_topics import OutputTopics
from shared.kafka.records import Message, Record
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.principals import Principal, topic
from tests.integration.engine.steps import Step

READ, WRITE, DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE


class Routing(Step):
    """The value names the inbox; what is not available is parked, and so is what the code fails on."""

    def __init__(self, outputs: OutputTopics, parked: str) -> None:
        self._outputs = outputs
        self._parked = parked
        super().__init__(self._route, on_poisoned=self._park)

    def _route(self, record: Record, state: State) -> Sequence[Message]:
        inbox = (record.value or b"").decode()
        return (Message(inbox if self._outputs.available(inbox) else self._parked, b"k", record.value),)

    def _park(self, record: Record, state: State) -> Sequence[Message]:
        return (Message(self._parked, b"k", b"poisoned"),)


async def test_what_cannot_be_written_to_is_parked_and_the_rest_arrives(bench: Bench) -> None:
    """One inbox does not exist, one may be described but not written to, one is fine."""
    principal = Principal(bench.kafka, bench.address)
    source, parked, fine, forbidden = (bench.topic(name) for name in ("in", "parked", "fine", "forbidden"))
    dead, missing = bench.topic("dead"), f"{fine}-missing"
    principal.may_consume_and_transact(bench.group)
    principal.grant(*topic(source, READ), *topic(dead, READ, WRITE), *topic(parked, WRITE))
    principal.grant(*topic(fine, WRITE), *topic(forbidden, DESCRIBE))
    await bench.send(*(Message(source, b"k", name.encode()) for name in (fine, forbidden, missing, fine)))
    outputs = OutputTopics([parked, fine, forbidden, missing])
    engine = KafkaToKafka(
        Plan(group=bench.group, inputs=(source,), dead_letters=dead),
        Routing(outputs, parked),
        address=principal.address,
        outputs=outputs,
        health=bench.health,
        telemetry=bench.telemetry,
    )
    async with running(engine):
        assert len(await bench.read_until(parked, 2)) == 2
        assert len(await bench.read_until(fine, 2)) == 2
    assert await bench.read(dead) == []
    assert outputs.unavailable() == sorted([forbidden, missing])


async def test_an_output_that_is_expected_only_now_is_looked_up_before_it_is_decided_about(
    bench: Bench,
) -> None:
    source, late, dead = (bench.topic(name) for name in ("in", "late", "dead"))
    outputs = OutputTopics([])

    def route(record: Record, state: State) -> Sequence[Message]:
        outputs.expect(late)
        found = outputs.certainly_available(late)
        return (Message(late, b"k", b"available" if found else b"missing"),)

    await bench.send(Message(source, b"k", b"1"))
    engine = KafkaToKafka(
        Plan(group=bench.group, inputs=(source,), dead_letters=dead),
        Step(route),
        address=bench.address,
        outputs=outputs,
        health=bench.health,
        telemetry=bench.telemetry,
    )
    async with running(engine):
        (record,) = await bench.read_until(late, 1)
    assert record.value == b"available"


async def test_an_output_that_kafka_finds_too_large_becomes_a_dead_letter_of_its_cause(bench: Bench) -> None:
    source, parked = bench.topic("in"), bench.topic("parked")
    narrow = bench.topic("narrow", config={"max.message.bytes": "2000"})
    plan = Plan(group=bench.group, inputs=(source,), dead_letters=bench.topic("dead"))

    def on_record(record: Record, state: State) -> Sequence[Message]:
        return (Message(narrow, b"k", record.value),)

    step = Step(on_record, on_poisoned=lambda *_: (Message(parked, b"k", b"poisoned"),))
    await bench.send(
        Message(source, b"a", b"before"),
        Message(source, b"b", secrets.token_bytes(5000)),
        Message(source, b"c", b"after"),
    )
    async with running(bench.engine(plan, step, narrow, parked)):
        records = await bench.read_until(narrow, 2, seconds=30)
        assert len(await bench.read_until(parked, 1)) == 1
    assert [r.value for r in records] == [b"before", b"after"]
    (letter,) = await bench.read(plan.dead_letters)
    assert (letter.key, origin(letter.headers).kind) == (b"b", "internal-error")
    assert "MessageSizeTooLargeError" in origin(letter.headers).reason


async def test_a_record_of_the_largest_size_passes(bench: Bench) -> None:
    largest = {"max.message.bytes": str(2 * 1024 * 1024 + 64 * 1024)}
    source, target = bench.topic("in", config=largest), bench.topic("out", config=largest)
    value = secrets.token_bytes(2 * 1024 * 1024)  # does not compress
    step = Step(lambda record, _: (Message(target, b"k", record.value, record.headers),))
    plan = Plan(group=bench.group, inputs=(source,), dead_letters=bench.topic("dead"))
    await bench.send(Message(source, b"k", value, (("h", b"v" * 1000),)))
    async with running(bench.engine(plan, step, target)):
        (record,) = await bench.read_until(target, 1)
    assert record.value == value

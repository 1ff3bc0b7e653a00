"""Batches that a broker takes and a client stumbles over: each is one short dead letter, and reading goes on."""

from collections.abc import Sequence

import pytest

from shared.engine import KafkaToPostgres, Plan, State
from shared.kafka.bounded_decompression import MAX_UNPACKED_BYTES
from shared.kafka.dead_letters import origin
from shared.kafka.publisher import Publisher
from shared.kafka.records import Message, Record
from shared.postgres.outbox import OutboxPublisher
from shared.postgres.pool import Pool
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.steps import Effects, Step
from tests.support.batches import CODECS, PACK, batch, body_of, packed

PACKED = [name for name in CODECS if name != "none"]


async def hostile(bench: Bench, source: str) -> int:
    """Write good and hostile batches in turn; return how many that cannot be read the broker has taken."""
    bombs = 0
    for number, compression in enumerate(PACKED):
        bombs += await bench.send_batch(source, batch(bytes(MAX_UNPACKED_BYTES), compression=compression))
        assert await bench.send_batch(source, batch(b"good %d" % number, compression=compression))
        # Some of these the broker refuses, and then nobody need read them.
        await bench.send_batch(source, batch(b"odd", compression=compression, body=body_of(b"odd") + b"junk"))
        two = PACK[compression](body_of(b"odd")[:5]) + PACK[compression](body_of(b"odd")[5:])
        await bench.send_batch(source, packed(b"odd", compression=compression, as_=two))
    await bench.send_with_header_name(b"\xff\xfe", Message(source, b"k", b"named"))
    await bench.send(Message(source, b"k", b"last"))
    assert bombs, "no broker takes what is tested here"
    return bombs


@pytest.mark.timeout(120)
async def test_a_batch_that_cannot_be_read_is_one_dead_letter_of_the_router(bench: Bench) -> None:
    source, target = bench.topic("in"), bench.topic("out")
    plan = Plan(group=bench.group, inputs=(source,), dead_letters=bench.topic("dead"))

    def pass_on(record: Record, state: State) -> Sequence[Message]:
        return (Message(target, b"k", record.value),)

    unreadable = await hostile(bench, source)
    async with running(bench.engine(plan, Step(pass_on), target)):
        records = await bench.read_until(target, len(PACKED) + 2, seconds=60)
        while records[-1].value != b"last":
            records = await bench.read_until(target, len(records) + 1)
        letters = await bench.read_until(plan.dead_letters, unreadable)
    passed = [record.value for record in records]
    assert [value for value in passed if value != b"odd"] == [
        b"good 0",
        b"good 1",
        b"good 2",
        b"good 3",
        b"named",
        b"last",
    ]
    assert sum("once it is unpacked" in origin(letter.headers).reason for letter in letters) == unreadable
    assert all(letter.value is None for letter in letters)


@pytest.mark.timeout(120)
async def test_a_batch_that_cannot_be_read_is_one_dead_letter_of_a_read_model(
    bench: Bench, pool: Pool
) -> None:
    source = bench.topic("in")
    plan = Plan(group=bench.group, inputs=(source,), dead_letters=bench.topic("dead"))
    engine = KafkaToPostgres(
        plan, Effects(), address=bench.address, pool=pool, health=bench.health, telemetry=bench.telemetry
    )
    publisher = Publisher(bench.address, health=bench.health)
    outbox = OutboxPublisher(
        pool, publisher, schema="service", health=bench.health, telemetry=bench.telemetry
    )
    unreadable = await hostile(bench, source)
    async with running(engine), running(publisher), running(outbox):
        await bench.read_until(plan.dead_letters, unreadable, seconds=60)
        assert await pool.fetchval("SELECT count(*) FROM effects") >= len(PACKED) + 1

"""The projecting engine on real Kafka and PostgreSQL: one transaction, the fence, isolation of what fails."""

import asyncio
from typing import Any

import pytest
import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.engine import KafkaToPostgres, Plan
from shared.errors import Undecodable
from shared.events.operation import OperationSettled
from shared.kafka.dead_letters import origin, reported
from shared.kafka.publisher import Publisher
from shared.kafka.records import Message, Record
from shared.postgres import offsets
from shared.postgres.outbox import OutboxPublisher, enqueue
from shared.postgres.pool import Pool, transaction
from shared.telemetry.health import Health
from tests.integration.engine.conftest import Bench, replay_of, running
from tests.integration.engine.steps import Effects
from tests.support.alarms import rings


def picky(record: Record) -> None:
    if record.value == b"!":
        raise Undecodable("the value is an exclamation mark")
    if record.value == b"?":
        raise RuntimeError("a bug")


def plan(bench: Bench, *inputs: str, single_task: bool = False) -> Plan:
    operations = bench.topic("operations", partitions=bench.counts[inputs[0]])
    return Plan(
        group=bench.group,
        inputs=(*inputs, operations),
        dead_letters=bench.topic("dead"),
        single_task=single_task,
        operations=operations,
        outcomes=bench.topic("outcomes"),
    )


def engine(
    bench: Bench,
    pool: Pool,
    its_plan: Plan,
    projection: Effects,
    *,
    look: float | None = None,
    health: Health | None = None,
) -> KafkaToPostgres:
    return KafkaToPostgres(
        its_plan,
        projection,
        address=bench.address,
        pool=pool,
        health=health or bench.health,
        telemetry=bench.telemetry,
        look=look,
    )


def publishing(bench: Bench, pool: Pool) -> tuple[Publisher, OutboxPublisher]:
    publisher = Publisher(bench.address, health=bench.health)
    outbox = OutboxPublisher(
        pool, publisher, schema="service", health=bench.health, telemetry=bench.telemetry
    )
    return publisher, outbox


async def effects(pool: Pool, count: int, *, seconds: float = 120) -> list[bytes]:
    """The values written, in their order, once there are so many."""
    async with asyncio.timeout(seconds):
        while len(rows := await pool.fetch("SELECT value FROM effects ORDER BY id")) < count:  # noqa: ASYNC110 - it is PostgreSQL that is asked
            await asyncio.sleep(0.05)
    return [row["value"] for row in rows]


async def test_every_record_has_its_effect_once_across_runs(bench: Bench, pool: Pool) -> None:
    source = bench.topic("in", partitions=3)
    its_plan = plan(bench, source)
    for run in range(3):
        await bench.send(*(Message(source, b"k%d" % n, b"%d/%d" % (run, n)) for n in range(20)))
        async with running(engine(bench, pool, its_plan, Effects())):
            written = await effects(pool, 20 * (run + 1))
    assert sorted(written) == sorted(b"%d/%d" % (run, n) for run in range(3) for n in range(20))


async def test_what_the_store_has_forgotten_is_read_again_though_nothing_new_comes(
    bench: Bench, pool: Pool
) -> None:
    """As after a restore: effects and offsets lie in the past, and the process has not noticed that it was away."""
    source = bench.topic("in", partitions=3)
    its_plan = plan(bench, source)
    async with running(engine(bench, pool, its_plan, Effects(), look=0.5)):
        await bench.send(*(Message(source, b"k%d" % n, b"%d" % n) for n in range(20)))
        await effects(pool, 20)
        async with transaction(pool) as connection:
            await connection.execute("DELETE FROM effects")
            await connection.execute("UPDATE offsets SET next = 0 WHERE topic = $1", source)
        again = await effects(pool, 20, seconds=60)
        await bench.send(Message(source, b"k", b"20"))
        assert (await effects(pool, 21))[-1] == b"20"
    assert sorted(again) == sorted(b"%d" % n for n in range(20))


async def test_a_consumer_that_fails_where_nothing_lies_is_replaced(
    bench: Bench, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client fails on partitions of which all was read, of an error that does not look like Kafka's, each time."""
    source = bench.topic("in", partitions=6)
    its_plan = plan(bench, source, single_task=True)
    working, broken = AIOKafkaConsumer.getmany, set[AIOKafkaConsumer]()

    async def getmany(consumer: AIOKafkaConsumer, *partitions: TopicPartition, **options: Any) -> Any:
        if consumer in broken and any(tp.topic == source for tp in partitions):
            raise AssertionError
        fetched = await working(consumer, *partitions, **options)
        if fetched and not broken:
            broken.add(consumer)
        return fetched

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
    await bench.send(Message(source, b"first", b"first"))
    async with running(engine(bench, pool, its_plan, Effects())):
        await effects(pool, 1)
        await bench.send(*(Message(source, b"k%d" % n, b"%d" % n) for n in range(20)))
        written = await effects(pool, 21, seconds=60)
    assert len(broken) == 1
    assert sorted(written) == sorted([b"first", *(b"%d" % n for n in range(20))])


async def test_one_task_reads_everything_and_the_other_replica_stands_by(bench: Bench, pool: Pool) -> None:
    one, other = bench.topic("one", partitions=2), bench.topic("other", partitions=3)
    its_plan = plan(bench, one, other, single_task=True)
    first, second, standby = Effects(), Effects(), Health()
    async with running(engine(bench, pool, its_plan, first)):
        await bench.send(*(Message(t, b"k%d" % n, b"x") for t in (one, other) for n in range(20)))
        await effects(pool, 40)
        async with running(engine(bench, pool, its_plan, second, health=standby)):
            await _until_ready(standby, its_plan.group)
            await bench.send(*(Message(t, b"k%d" % n, b"x") for t in (one, other) for n in range(20)))
            await effects(pool, 80)
    assert len(await pool.fetch('SELECT DISTINCT topic, partition, "offset" FROM effects')) == 80
    # Either the first kept everything, or the second took over all of it.
    assert (sum(first.batches), sum(second.batches)) in {(80, 0), (40, 40)}


async def test_an_undecodable_record_reaches_the_dead_letter_through_the_outbox(
    bench: Bench, pool: Pool
) -> None:
    source = bench.topic("in")
    its_plan = plan(bench, source)
    await bench.send(*(Message(source, b"k%d" % n, b"!" if n == 7 else b"%d" % n) for n in range(20)))
    publisher, outbox = publishing(bench, pool)
    async with running(publisher), running(outbox), running(engine(bench, pool, its_plan, Effects(picky))):
        (letter,) = await bench.read_until(its_plan.dead_letters, 1)
        written = await effects(pool, 19)
    assert (letter.key, letter.value, origin(letter.headers).kind) == (b"k7", b"!", "undecodable")
    assert len(written) == 19


async def test_a_failing_record_is_isolated_with_its_case_until_it_is_replayed(
    bench: Bench, pool: Pool
) -> None:
    source = bench.topic("in")
    its_plan = plan(bench, source)
    await bench.send(Message(source, b"a", b"1"), Message(source, b"b", b"?"), Message(source, b"b", b"2"))
    projection = Effects(picky)
    publisher, outbox = publishing(bench, pool)
    async with running(publisher), running(outbox), running(engine(bench, pool, its_plan, projection)):
        letters = await bench.read_until(its_plan.dead_letters, 2)
        assert [letter.value for letter in letters] == [b"?", b"2"]
        projection.judge = lambda _: None  # the release that mends it
        await bench.order(its_plan, *(replay_of(letter, group=bench.group) for letter in reversed(letters)))
        assert await effects(pool, 2) == [b"1", b"?"]
        await bench.order(its_plan, *(replay_of(letter, group=bench.group) for letter in letters))
        assert await effects(pool, 3) == [b"1", b"?", b"2"]
        await bench.send(Message(source, b"b", b"3"))
        assert await effects(pool, 4) == [b"1", b"?", b"2", b"3"]
        notes = (await bench.read_until(its_plan.dead_letters, 6))[2:]
        events = await bench.read_until(its_plan.outcomes or "", 4)
    told = [report.outcome for note in notes if (report := reported(note)) is not None]
    assert told == ["not-its-turn", "applied", "not-open", "applied"]
    assert [OperationSettled.from_json(each.value or b"").outcome for each in events] == told
    assert await pool.fetchval("SELECT count(*) FROM blocking_records") == 0


async def test_a_member_that_has_been_replaced_writes_nothing(pool: Pool) -> None:
    tp = TopicPartition("t", 0)
    async with transaction(pool) as connection:
        expected = await offsets.read(connection, "c", {tp: 0})

    async def batch(to: int) -> None:
        async with transaction(pool) as connection:
            await connection.execute("INSERT INTO effects (topic) VALUES ('t')")
            await offsets.advance(connection, "c", expected=expected, to={tp: to})

    await batch(5)
    with pytest.raises(offsets.Fenced, match="1 of 1 partitions"):
        await batch(3)
    assert await pool.fetchval("SELECT count(*) FROM effects") == 1
    assert await pool.fetchval("SELECT next FROM offsets") == 5


async def test_outbox_messages_of_a_key_arrive_in_the_order_of_writing(bench: Bench, pool: Pool) -> None:
    target = bench.topic("out", partitions=3)
    publisher, outbox = publishing(bench, pool)
    async with running(publisher), running(outbox):
        for n in range(30):
            async with transaction(pool) as connection:
                await enqueue(
                    connection, *(Message(target, b"k%d" % k, b"%d" % n, (("h", b"\x00"),)) for k in range(5))
                )
        records = await bench.read_until(target, 150)
        await _emptied(pool)
    for k in range(5):
        assert [r.value for r in records if r.key == b"k%d" % k] == [b"%d" % n for n in range(30)]
    assert records[0].headers == (("h", b"\x00"),)


async def test_a_message_that_kafka_never_takes_is_laid_aside_and_nobody_waits_for_it(
    bench: Bench, pool: Pool
) -> None:
    target = bench.topic("out")
    publisher, outbox = publishing(bench, pool)
    async with transaction(pool) as connection:
        await enqueue(
            connection,
            Message(target, b"large", bytes(3_000_000)),
            Message(target, b"large", b"after it"),
            Message(target, b"small", b"passes"),
        )
    async with running(publisher), running(outbox):
        records = await bench.read_until(target, 2)
        await _emptied(pool)
        async with asyncio.timeout(60):
            while not rings("AmtswegOutboxRefused", bench.telemetry):  # noqa: ASYNC110 - shown after the commit
                await asyncio.sleep(0.05)
    assert {r.value for r in records} == {b"after it", b"passes"}
    assert await pool.fetchval("SELECT octet_length(value) FROM refused_messages") == 3_000_000
    assert bench.health.report()["outbox"]["standing"] == "degraded"


async def test_a_key_whose_message_kafka_does_not_take_now_delays_nobody_else(
    bench: Bench, pool: Pool
) -> None:
    """If every message waited for that one, it would be tried as often as others pass."""
    target = bench.topic("out")
    async with transaction(pool) as connection:
        await enqueue(connection, Message(f"{target}-missing", b"waits", b"1"))
    with structlog.testing.capture_logs() as lines:
        publisher, outbox = publishing(bench, pool)
        async with running(publisher), running(outbox):
            await _until(bench.health, "outbox", "degraded")
            for number in range(20):
                async with transaction(pool) as connection:
                    await enqueue(connection, Message(target, b"%d" % number, b"passes"))
                await bench.read_until(target, number + 1)
    assert sum(line["event"] == "message not taken" for line in lines) < 20
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 1
    shown = bench.telemetry.exposition()
    assert rings("AmtswegOutboxWaits", shown, before=shown)  # at both looks of the rule


async def _until_ready(health: Health, group: str) -> None:
    """Wait until the engine has joined its group, be it to work or to stand by."""
    await _until(health, group, "ready")


async def _until(health: Health, part: str, condition: str) -> None:
    async with asyncio.timeout(60):
        while health.part(part).standing != condition:  # noqa: ASYNC110 - it is the part that says it
            await asyncio.sleep(0.05)


async def _emptied(pool: Pool) -> None:
    async with asyncio.timeout(60):
        while await pool.fetchval("SELECT count(*) FROM outbox"):  # noqa: ASYNC110 - it is PostgreSQL that is asked
            await asyncio.sleep(0.05)

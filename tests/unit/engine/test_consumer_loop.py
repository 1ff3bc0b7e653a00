"""ConsumerLoop over a fake consumer: what ends one, and what becomes of the next."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.engine.assignment import all_in_one
from shared.engine.consumer_loop import ConsumerLoop, Session
from shared.engine.supervision import Supervision
from shared.errors import Stopped, Unavailable
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry

TP = TopicPartition("t", 0)


class Assigned:
    """A consumer that is given one partition at once, and never fails by itself."""

    def __init__(self) -> None:
        self.stopped = False
        self.paused: set[TopicPartition] = set()

    def subscribe(self, *, listener: Any, **_: Any) -> None:
        self.listener = listener

    async def start(self) -> None:
        self.listener.on_partitions_assigned({TP})

    async def stop(self) -> None:
        self.stopped = True

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused |= set(partitions)

    def assignment(self) -> set[TopicPartition]:
        return {TP}


async def run(work: Callable[[], Awaitable[None]], consumer: Assigned | None = None) -> None:
    async def task(*_: Any) -> None:
        await work()

    async def watch() -> None:
        await asyncio.Event().wait()

    session = Session(
        cast("AIOKafkaConsumer", consumer or Assigned()),
        units=all_in_one,
        work=task,
        assigned=lambda _: None,
        watch=watch,
    )
    async with asyncio.timeout(5):
        await session.run(("t",))


async def test_an_error_of_a_task_ends_the_session_and_closes_the_consumer() -> None:
    consumer = Assigned()

    async def work() -> None:
        raise RuntimeError("fenced")

    with pytest.raises(RuntimeError, match="fenced"):
        await run(work, consumer)
    assert (consumer.stopped, consumer.paused) == (True, {TP})


async def test_a_cancellation_that_nobody_asked_for_ends_the_session_like_an_error() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(Unavailable, match="by the Kafka client"):
        await run(work)


async def test_ending_a_session_lets_the_running_transaction_end() -> None:
    began, ended = asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            ended = True

    running = asyncio.ensure_future(run(work))
    await began.wait()
    running.cancel()
    await asyncio.wait({running})
    assert ended


@pytest.fixture
def condition() -> Condition:
    return Condition()


@pytest.fixture
def supervision(condition: Condition) -> Supervision:
    return Supervision(
        "g",
        condition=condition,
        telemetry=Telemetry(),
        failures_before_exit=3,
        first_pause_seconds=0.0,
    )


@pytest.fixture
def several(supervision: Supervision) -> ConsumerLoop:
    return ConsumerLoop(supervision, until_go_on=asyncio.Event().wait)


async def test_too_many_failures_in_a_row_end_the_process(
    several: ConsumerLoop, condition: Condition
) -> None:
    async def session() -> None:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await several.run(session)
    assert condition.standing == "failed"


async def test_progress_of_a_unit_forgives_the_consumers_earlier_failures(
    several: ConsumerLoop, supervision: Supervision
) -> None:
    attempts = 0

    async def session() -> None:
        nonlocal attempts
        attempts += 1
        if attempts <= 4:
            supervision.unit(0).progressed()
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await several.run(session)
    assert attempts == 4 + 2


async def test_a_client_s_own_cancellation_does_not_end_the_engine_in_silence(several: ConsumerLoop) -> None:
    async def session() -> None:
        raise asyncio.CancelledError

    with pytest.raises(Unavailable, match="by the Kafka client"):
        await several.run(session)


async def test_a_stopped_consumer_waits_for_a_person_instead_of_restarting(
    several: ConsumerLoop, condition: Condition
) -> None:
    attempts = 0

    async def session() -> None:
        nonlocal attempts
        attempts += 1
        raise Stopped("20 records in a row became dead letters")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(several.run(session), 0.1)
    assert (attempts, condition.standing) == (1, "unready")
    assert "20 records" in condition.reason

"""The engine under both kinds of transaction: one consumer, and a task with a sink per unit."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.structs import TopicPartition

from shared.engine.assignment import SoleAssignor, Unit, all_in_one, by_number
from shared.engine.consumer_lag import ConsumerLag
from shared.engine.consumer_loop import ConsumerLoop, Session
from shared.engine.failure_policy import FailurePolicy
from shared.engine.fetcher import EnginePace
from shared.engine.go_on import go_on_ordered
from shared.engine.partition_task import PartitionTask, PausedPartitions, TaskContext, UnitMemory
from shared.engine.plan import Plan
from shared.engine.sink import Sink
from shared.engine.supervision import Supervision
from shared.engine.topic_ids import TopicIds
from shared.kafka.client import KafkaAddress, group_consumer
from shared.kafka.described_topics import describe
from shared.kafka.following import FetchPace
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry

MakeSink = Callable[[int, FailurePolicy], Sink]
"""Called once for each unit that is assigned to this process, with its number and its failure policy."""


class Engine:
    """Reads a plan's inputs and hands them to sinks exactly once, until cancelled."""

    def __init__(
        self,
        plan: Plan,
        make_sink: MakeSink,
        *,
        address: KafkaAddress,
        health: Health,
        telemetry: Telemetry,
        patient_ms: int | None,
    ) -> None:
        self._plan = plan
        self._make_sink = make_sink
        self._supervision = Supervision(plan.group, condition=health.part(plan.group), telemetry=telemetry)
        self._context = TaskContext(
            plan=plan,
            address=address,
            lags=ConsumerLag(plan.group, telemetry),
            topics=TopicIds(
                partial(describe, address, plan.inputs), group=plan.group, copies=health.part("copies")
            ),
            paused=PausedPartitions(plan.group, telemetry),
            telemetry=telemetry,
            pace=None if patient_ms is None else EnginePace(FetchPace(patient_ms)),
        )
        self._units: dict[int, UnitMemory] = {}

    async def run(self) -> None:
        """Consume until cancelled.

        Raises:
            Exception: a unit, or the consumer, has failed too often in a row.
        """
        await ConsumerLoop(self._supervision, until_go_on=self._until_go_on).run(self._session)

    async def _until_go_on(self) -> None:
        """Wait, stopped, for an operator's order to go on."""
        plan = self._plan
        if plan.operations not in plan.inputs:
            await asyncio.Event().wait()
            return
        await go_on_ordered(self._context.address, topic=plan.operations, group=plan.group)
        self._context.topics.go_on()
        for unit in self._units.values():
            unit.policy.go_on()

    async def _session(self) -> None:
        plan = self._plan
        self._context.lags.clear()
        self._context.paused.clear()
        consumer = group_consumer(
            self._context.address,
            group=plan.group,
            instance=plan.instance,
            assignor=SoleAssignor if plan.single_task else RangePartitionAssignor,
        )
        session = Session(
            consumer,
            units=self._by_plan,
            work=self._work,
            assigned=self._assigned,
            watch=self._context.topics.watch,
        )
        await session.run(plan.inputs)

    def _by_plan(self, assigned: set[TopicPartition]) -> Mapping[int, Unit]:
        if self._plan.single_task:
            return all_in_one(assigned)
        return by_number(assigned, topics=self._plan.inputs)

    def _assigned(self, numbers: Iterable[int]) -> None:
        numbers = set(numbers)
        self._units = {number: memory for number, memory in self._units.items() if number in numbers}
        for number in numbers - self._units.keys():
            policy = FailurePolicy(self._plan)
            self._units[number] = UnitMemory(
                sink=self._make_sink(number, policy),
                policy=policy,
                supervised=self._supervision.unit(number),
            )
        self._supervision.assigned(anything=bool(numbers))
        self._supervision.keep(numbers)

    async def _work(self, consumer: AIOKafkaConsumer, number: int, unit: Unit) -> None:
        await PartitionTask(self._context, self._units[number], consumer, number, unit).run()

"""Inputs, outputs, state and offsets in one Kafka transaction: what the router and its relay run on."""

from collections.abc import Mapping
from re import Pattern
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.structs import TopicPartition

from shared.engine.assignment import SoleAssignor, Unit, all_in_one, by_number
from shared.engine.batch_processor import BatchProcessor
from shared.engine.consumer_lag import ConsumerLag
from shared.engine.consumer_loop import ConsumerLoop, Session
from shared.engine.failures import FailureCounts
from shared.engine.kafka_task import StreamTask, TaskContext
from shared.engine.plan import Plan
from shared.engine.processor import Processor
from shared.kafka.client import KafkaAddress, group_consumer
from shared.kafka.output_topics import OutputTopics
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry

_PATIENT_BYTES: Final = 65_536
_LONGEST_MS: Final = 500


class KafkaToKafka:
    """Runs a transformation exactly once over its inputs, until cancelled.

    ``outputs`` names the topics that the transformation writes to; the plan's own are added.
    """

    def __init__(
        self,
        plan: Plan,
        transformation: Processor,
        *,
        address: KafkaAddress,
        outputs: OutputTopics,
        health: Health,
        telemetry: Telemetry,
    ) -> None:
        if plan.single_task and (plan.state_topic or plan.lookup_topic):
            raise ValueError(f"{plan.group}: state and lookup are kept per partition, not in a single task")
        outputs.expect(*filter(None, (plan.dead_letters, plan.state_topic, plan.lookup_topic)))
        self._plan = plan
        sessions = ConsumerLoop(plan.group, condition=health.part(plan.group), telemetry=telemetry)
        suspects = FailureCounts()
        self._shared = TaskContext(
            plan=plan,
            address=address,
            outputs=outputs,
            decider=BatchProcessor(plan, transformation, suspects=suspects, telemetry=telemetry),
            suspects=suspects,
            sessions=sessions,
            lags=ConsumerLag(plan.group, telemetry),
            telemetry=telemetry,
        )

    async def run(self) -> None:
        """Consume until cancelled; raises after too many failed sessions in a row."""
        await self._shared.sessions.run(self._session)

    async def _session(self) -> None:
        plan, shared = self._plan, self._shared
        shared.lags.clear()
        consumer = group_consumer(
            shared.address,
            group=plan.group,
            instance=plan.instance,
            assignor=SoleAssignor if plan.single_task else RangePartitionAssignor,
            # Hundreds of partitions: a fetch that waits for company costs a quarter of one per record.
            fetch_min_bytes=_PATIENT_BYTES if plan.single_task else 1,
            fetch_max_wait_ms=_LONGEST_MS,
        )
        session = Session(consumer, units=self._units, work=self._work, opened=shared.sessions.opened)
        await session.run(plan.inputs)

    def _units(self, assigned: set[TopicPartition]) -> Mapping[int, Unit]:
        if self._plan.single_task or isinstance(self._plan.inputs, Pattern):
            return all_in_one(assigned)
        return by_number(assigned, topics=self._plan.inputs)

    async def _work(self, consumer: AIOKafkaConsumer, number: int, unit: Unit) -> None:
        await StreamTask(self._shared, consumer, number, unit).run()

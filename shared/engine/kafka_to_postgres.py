"""Effects and next offsets in one PostgreSQL transaction: what intake's history, notifier and audit run on."""

from collections.abc import Mapping
from re import Pattern
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.structs import TopicPartition

from shared.engine.assignment import SoleAssignor, Unit, all_in_one, by_number
from shared.engine.consumer_lag import ConsumerLag
from shared.engine.consumer_loop import ConsumerLoop, Session
from shared.engine.failures import DeadLetterLimit, FailureCounts
from shared.engine.plan import Plan
from shared.engine.postgres_task import SinkTask, TaskContext
from shared.engine.projector import Projector
from shared.kafka.client import KafkaAddress, group_consumer
from shared.postgres.pool import Pool
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry

# Nobody waits for a read model as for a receipt: a fetch that waits for company spares whole transactions.
_FETCH_BYTES: Final = 65_536
_FETCH_MS: Final = 250


class KafkaToPostgres:
    """Applies a projection exactly once to its inputs, until cancelled.

    The pool's connections see the service's schema, whose migrations have made the tables of ``ddl``. Dead
    letters leave through its outbox: an ``OutboxPublisher`` must run beside this.
    """

    def __init__(
        self,
        plan: Plan,
        projection: Projector,
        *,
        address: KafkaAddress,
        pool: Pool,
        health: Health,
        telemetry: Telemetry,
    ) -> None:
        self._plan = plan
        self._address = address
        self._shared = TaskContext(
            plan=plan,
            projection=projection,
            address=address,
            pool=pool,
            suspects=FailureCounts(),
            limit=DeadLetterLimit(),
            sessions=ConsumerLoop(plan.group, condition=health.part(plan.group), telemetry=telemetry),
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
            self._address,
            group=plan.group,
            instance=plan.instance,
            assignor=SoleAssignor if plan.single_task else RangePartitionAssignor,
            fetch_min_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=_FETCH_MS,
        )
        session = Session(consumer, units=self._units, work=self._work, opened=shared.sessions.opened)
        await session.run(plan.inputs)

    def _units(self, assigned: set[TopicPartition]) -> Mapping[int, Unit]:
        if self._plan.single_task or isinstance(self._plan.inputs, Pattern):
            return all_in_one(assigned)
        return by_number(assigned, topics=self._plan.inputs)

    async def _work(self, consumer: AIOKafkaConsumer, number: int, unit: Unit) -> None:
        await SinkTask(self._shared, consumer, number, unit).run()

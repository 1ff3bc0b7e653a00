"""Outputs, state and positions of the inputs in one Kafka transaction: the engine of the router."""

from typing import Final

from shared.engine.engine import Engine
from shared.engine.group_offsets import GroupOffsets
from shared.engine.kafka_sink import KafkaSink, KafkaSinkContext
from shared.engine.plan import Plan
from shared.engine.processor import Processor, Punctuate
from shared.kafka.client import KafkaAddress
from shared.kafka.output_topics import OutputTopics
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry

_PATIENT_MS: Final = 500
"""With hundreds of partitions, fetching several records at once costs a quarter of fetching each alone."""


class KafkaToKafka:
    """Runs a processor exactly once over its inputs, until cancelled.

    ``outputs`` names the topics that the processor writes to; the topics of the plan are added. ``punctuate`` is called
    with slices of the states, so that each state comes in turn.

    Raises:
        ValueError: the plan has a state or lookup topic together with ``single_task``.
    """

    def __init__(
        self,
        plan: Plan,
        processor: Processor,
        *,
        address: KafkaAddress,
        outputs: OutputTopics,
        health: Health,
        telemetry: Telemetry,
        punctuate: Punctuate | None = None,
    ) -> None:
        if plan.single_task and (plan.state_topic or plan.lookup_topic):
            raise ValueError(f"{plan.group}: state and lookup are kept per partition, not in a single task")
        outputs.expect(*filter(None, (*plan.letter_topics, plan.state_topic, plan.lookup_topic)))
        context = KafkaSinkContext(
            plan=plan,
            processor=processor,
            punctuate=punctuate,
            address=address,
            outputs=outputs,
            offsets=GroupOffsets(plan.group),
            telemetry=telemetry,
        )
        self._engine = Engine(
            plan,
            lambda number, policy: KafkaSink(context, number, policy),
            address=address,
            health=health,
            telemetry=telemetry,
            patient_ms=_PATIENT_MS if plan.single_task else None,
        )

    async def run(self) -> None:
        """Consume until cancelled; raises after too many failures in a row."""
        await self._engine.run()

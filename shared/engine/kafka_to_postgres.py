"""Effects and next offsets in one PostgreSQL transaction: the engine of intake, notifier and audit."""

from typing import Final

from shared.engine.engine import Engine
from shared.engine.plan import Plan
from shared.engine.postgres_sink import PostgresSink
from shared.engine.projector import Projector
from shared.kafka.client import KafkaAddress
from shared.postgres.pool import Pool
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry

_PATIENT_MS: Final = 250


class KafkaToPostgres:
    """Applies a projector exactly once to its inputs, until cancelled.

    The search path of the pool's connections is the service's schema, which has the tables of
    ``shared.postgres.tables``. Dead letters leave through its outbox: an ``OutboxPublisher`` must run as well.

    ``look`` is how often, in seconds, the engine checks whether the store was restored to an earlier state; it then
    reads the lost part again. A service that handles a restore itself, as intake does, leaves it out.
    """

    def __init__(
        self,
        plan: Plan,
        projector: Projector,
        *,
        address: KafkaAddress,
        pool: Pool,
        health: Health,
        telemetry: Telemetry,
        look: float | None = None,
    ) -> None:
        self._engine = Engine(
            plan,
            lambda *_: PostgresSink(plan, projector, pool=pool, look=look),
            address=address,
            health=health,
            telemetry=telemetry,
            patient_ms=_PATIENT_MS,
        )

    async def run(self) -> None:
        """Consume until cancelled; raises after too many failures in a row."""
        await self._engine.run()

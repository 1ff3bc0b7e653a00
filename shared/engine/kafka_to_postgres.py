"""Effects and next offsets in one PostgreSQL transaction: what intake's history, notifier and audit run on."""

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

    The pool's connections see the service's schema, whose migrations have made the tables of
    ``shared.postgres.tables``. Dead letters leave through its outbox: an ``OutboxPublisher`` must run beside this.

    With ``look`` in seconds it goes on by itself when the store comes back from the past; a service that has to know
    of that first, as intake has, leaves it out and begins anew itself.
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

"""What the notifier's parts hold in common."""

from dataclasses import dataclass, field

from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import PostgresCaseStore
from services.notifier.adapters.postgres.queue import PostgresQueue
from services.notifier.adapters.replay import HeldSubmissions, Inputs
from services.notifier.consumer import TOPICS
from services.notifier.domain.deadlines.law import Law
from services.notifier.handler.planning import recall
from shared.kafka.client import KafkaAddress
from shared.postgres import pool as postgres
from shared.postgres.pool import Pool
from shared.telemetry.health import Condition, Health
from shared.telemetry.metrics import Telemetry

GROUP = "notifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """Each part that begins with a replay asks anew whether the store is the one it knew: its history is its own."""

    address: KafkaAddress
    pool: Pool
    queue: PostgresQueue
    law: Law
    law_digest: str
    health: Health = field(default_factory=Health)
    telemetry: Telemetry = field(default_factory=Telemetry)

    def history(self) -> StoreHistory:
        """A history of one part's own."""
        return StoreHistory(GROUP)


class Rebuild:
    """The `Replay`: inputs to the ends noted at the start, then contacts that have expired from them."""

    def __init__(
        self, inputs: Inputs, held: HeldSubmissions, queue: PostgresQueue, *, pool: Pool, condition: Condition
    ) -> None:
        self._inputs = inputs
        self._held = held
        self._queue = queue
        self._pool = pool
        self._condition = condition

    async def caught_up(self) -> None:
        self._condition.set("unready", reason="what was sent before is being replayed")
        await self._inputs.replayed()
        if await self._queue.lacks_contacts():
            async for held in self._held.read():
                async with postgres.transaction(self._pool) as connection:
                    await recall(held, PostgresCaseStore(connection))
        self._condition.set("ready")


def rebuild(common: Common, history: StoreHistory, *, condition: Condition) -> Rebuild:
    """The replay that a part waits for."""
    inputs = Inputs(common.address, common.pool, history=history, topics=TOPICS)
    held = HeldSubmissions(common.address)
    return Rebuild(inputs, held, common.queue, pool=common.pool, condition=condition)

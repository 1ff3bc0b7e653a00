"""One batch through one transaction: the only loop in which records are tried, judged and set aside."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiokafka.structs import TopicPartition

from shared.engine.consumer_lag import series
from shared.engine.failure_policy import DeadLetterVerdict, FailurePolicy
from shared.engine.operator_orders import OperatorOrders, Origins
from shared.engine.plan import Plan
from shared.engine.sink import SinkTransaction
from shared.errors import Unavailable
from shared.kafka.records import Record
from shared.telemetry.metrics import Telemetry

_BREATHE_EVERY: Final = 32


@dataclass(slots=True)
class BatchOutcome:
    """What became of a batch.

    ``held_back`` are runs of records, one per partition; ``tried_again`` are records of dead letters.
    """

    done: list[Record] = field(default_factory=list)
    marks: list[tuple[str, bool]] = field(default_factory=list)
    held_back: dict[TopicPartition, list[Record]] = field(default_factory=dict)
    tried_again: list[Record] = field(default_factory=list)
    stop: str | None = None
    left: Sequence[Record] = ()


class BatchAttempt:
    """The records of one batch, in ever smaller portions where one of them fails.

    A partition stops at its first record that must wait; the others go on.
    """

    def __init__(
        self,
        records: Sequence[Record],
        *,
        plan: Plan,
        policy: FailurePolicy,
        telemetry: Telemetry,
        origins: Origins,
    ) -> None:
        self._todo = deque(records)
        self._plan = plan
        self._policy = policy
        self._telemetry = telemetry
        self._operator_orders = OperatorOrders(plan, policy, origins)
        self._failing = 0
        """How many of the next records are known to hold one that fails; 0: none is known."""
        self._log = structlog.get_logger().bind(group=plan.group)
        self.outcome = BatchOutcome()

    async def run(self, transaction: SinkTransaction, *, portion: int) -> BatchOutcome:
        """Fill the transaction until all is done with, held back, or the limit of dead letters is reached."""
        while self._todo and self.outcome.stop is None:
            record = self._todo[0]
            if (tp := _partition(record)) in self.outcome.held_back:
                self.outcome.held_back[tp].append(self._todo.popleft())
                continue
            verdict = self._beforehand(record, transaction)
            if verdict is None and self._is_operation(record):
                verdict = await self._carry_out(record, transaction)
            elif verdict is None:
                together = self._portion(
                    transaction, max(1, self._failing // 2) if self._failing else portion
                )
                verdict = await self._try(together, transaction)
            if verdict is not None:
                await self._set_aside(record, verdict, transaction)
        self.outcome.left = self._todo
        return self.outcome

    def _portion(self, transaction: SinkTransaction, size: int) -> list[Record]:
        together = [self._todo[0]]
        for index in range(1, min(size, len(self._todo))):
            record = self._todo[index]
            if _partition(record) in self.outcome.held_back or self._is_operation(record):
                break
            if self._beforehand(record, transaction):
                break
            together.append(record)
        return together

    def _is_operation(self, record: Record) -> bool:
        return record.topic == self._plan.operations

    def _beforehand(self, record: Record, transaction: SinkTransaction) -> DeadLetterVerdict | None:
        blocked = not self._is_operation(record) and transaction.blocks(record)
        return self._policy.beforehand(record, blocked=blocked)

    async def _carry_out(self, record: Record, transaction: SinkTransaction) -> DeadLetterVerdict | None:
        try:
            again = await self._operator_orders.carry_out(record, transaction)
        except Exception as error:  # noqa: BLE001 - judged by the policy, as for any record
            return self._judged([record], error)
        if again is not None:
            self.outcome.tried_again.append(again)
        await self._done(record, dead=None)
        return None

    async def _try(self, together: list[Record], transaction: SinkTransaction) -> DeadLetterVerdict | None:
        """Apply a portion; return the verdict on its one record if that is to be set aside."""
        try:
            await transaction.apply(together)
        except Exception as error:  # noqa: BLE001 - the service's own; judged by the policy
            if len(together) > 1 and not isinstance(error, Unavailable):
                self._failing = len(together)
                return None
            self._failing = 0
            return self._judged(together, error)
        self._failing = max(0, self._failing - len(together))
        for record in together:
            await self._done(record, dead=False)
        return None

    def _judged(self, together: list[Record], error: Exception) -> DeadLetterVerdict | None:
        verdict = self._policy.judge(together[0], error)
        self._log.warning("record failed", **_named(together[0]), error=error)
        if verdict is None:
            self._hold_back(together)
        return verdict

    def _hold_back(self, together: list[Record]) -> None:
        for record in together:
            self.outcome.held_back.setdefault(_partition(record), []).append(record)
            self._todo.popleft()

    async def _set_aside(
        self, record: Record, verdict: DeadLetterVerdict, transaction: SinkTransaction
    ) -> None:
        if verdict.counts:
            self.outcome.stop = self._policy.stops_after(
                record.topic, [*self.outcome.marks, (record.topic, True)]
            )
        await transaction.set_aside(record, verdict)
        self._telemetry.count(
            "dead_letters", group=self._plan.group, topic=series(record.topic), kind=verdict.kind
        )
        self._log.warning("dead letter", **_named(record), kind=verdict.kind, reason=verdict.reason)
        await self._done(record, dead=True if verdict.counts else None)

    async def _done(self, record: Record, *, dead: bool | None) -> None:
        self._todo.popleft()
        self.outcome.done.append(record)
        if dead is not None:
            self.outcome.marks.append((record.topic, dead))
        if len(self.outcome.done) % _BREATHE_EVERY == 0:
            await asyncio.sleep(0)  # heartbeats and HTTP share this event loop


def _partition(record: Record) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _named(record: Record) -> dict[str, object]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}

"""Orders of an operator: replay or close a dead letter, resume a stopped group. The group itself carries them out.

The record is read again from its original position. The outcome of an order is committed with its effects: as a note
among the group's dead letters, with the reason in words, and as an event that is kept for years. Letters of one key are
settled in order: a letter whose key has an older unsettled one waits for its turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from aiokafka.structs import TopicPartition

from shared.engine.failure_policy import FailurePolicy
from shared.engine.plan import Plan
from shared.engine.sink import SinkTransaction
from shared.errors import Unavailable, Undecodable
from shared.events import ids
from shared.events.envelope import Event, decode, encode
from shared.events.operation import (
    CloseCaseOrdered,
    CloseOrdered,
    GoOnOrdered,
    OperationOutcome,
    OperationSettled,
    RecordPlace,
    ReplayOrdered,
)
from shared.events.payload import Payload
from shared.events.topics import OPERATION_ORDERED
from shared.kafka.dead_letters import place_named, report, superseded
from shared.kafka.records import Message, Record
from shared.telemetry.logs import describe


class Origins(Protocol):
    """Reads the records of dead letters again."""

    async def fetch(self, tp: TopicPartition, offset: int) -> Record | None:
        """The record at this position, with a fault if it cannot be read; None if it certainly no longer exists.

        Raises:
            Unavailable: Kafka has not answered.
        """


@dataclass(frozen=True, slots=True)
class _Outcome:
    outcome: OperationOutcome
    detail: str = ""
    before: RecordPlace | None = None
    letters: int = 0


class OperatorOrders:
    """Carries out the orders to one group."""

    def __init__(self, plan: Plan, policy: FailurePolicy, origins: Origins) -> None:
        self._plan = plan
        self._policy = policy
        self._origins = origins

    async def carry_out(self, record: Record, transaction: SinkTransaction) -> Record | None:
        """Add the order's effects and its outcome; return the record that was tried again, if one was.

        Raises:
            Undecodable: the record is not an order.
            Unavailable: the order must wait.
            Exception: the service failed on the order itself (with ``Plan.keeps_operations``).
        """
        event = decode(record.value, record.headers, OPERATION_ORDERED.payloads)
        kept = [record] if self._plan.keeps_operations else []
        found = await self._original(event, transaction)
        if isinstance(found, Record):
            why = await self._again(kept, found, transaction)
            if why is None:
                await self._report(event, transaction, _Outcome("applied", letters=1))
                return found
            outcome = _Outcome("failed", why)
        else:
            outcome = found
        if kept:
            await transaction.apply(kept)
        if getattr(event.data, "group", None) == self._plan.group:
            await self._report(event, transaction, outcome)
        return found if isinstance(found, Record) else None

    async def _original(self, event: Event[Payload], transaction: SinkTransaction) -> Record | _Outcome:
        """The record to try again, or the outcome of an order that tries none."""
        data = event.data
        if isinstance(data, CloseCaseOrdered) and data.group == self._plan.group:
            return await self._close_case(data, transaction)
        if not isinstance(data, ReplayOrdered | CloseOrdered) or data.group != self._plan.group:
            return _Outcome("going-on")
        place = str(data.record)
        letter = await transaction.unsettled(place)
        if letter is None:
            return _Outcome("not-open")
        if isinstance(data, CloseOrdered):
            return _Outcome("closed", data.reason, letters=1)
        if letter.first != place:
            return _Outcome("not-its-turn", letter.first, before=place_named(letter.first))
        found = await self._origins.fetch(
            TopicPartition(data.record.topic, data.record.partition), data.record.offset
        )
        return _Outcome("expired") if found is None else found

    async def _close_case(self, data: CloseCaseOrdered, transaction: SinkTransaction) -> _Outcome:
        """Settle every letter that blocks the case; the group knows them even when the letters themselves have expired."""
        places = await transaction.blocking(str(data.case).encode())
        for place in places:
            await transaction.report(superseded(to=self._plan.dead_letters, place=place), settles=place)
        if not places:
            return _Outcome("not-open")
        return _Outcome("closed", f"{data.reason}, {len(places)}", letters=len(places))

    async def _again(
        self, kept: Sequence[Record], original: Record, transaction: SinkTransaction
    ) -> str | None:
        """Try the record again; return why it failed."""
        verdict = self._policy.beforehand(original, blocked=False)
        if verdict is not None:
            return verdict.reason
        try:
            await transaction.apply([*kept, original])
        except Unavailable:
            raise
        except Undecodable as unread:
            return str(unread)
        except Exception as error:  # noqa: BLE001 - the service's own; the letter stays
            return describe(error)
        return None

    async def _report(self, event: Event[Payload], transaction: SinkTransaction, told: _Outcome) -> None:
        data = event.data
        place = data.record if isinstance(data, ReplayOrdered | CloseOrdered) else None
        settles = str(place) if place is not None and told.outcome in {"applied", "closed"} else None
        note = report(
            to=self._plan.dead_letters,
            order=str(event.id),
            outcome=told.outcome,
            detail=told.detail,
            settles=settles,
        )
        await transaction.report(note, settles=settles)
        if self._plan.outcomes is not None:
            settled = OperationSettled(
                group=self._plan.group,
                order_id=event.id,
                outcome=told.outcome,
                record=place,
                case=data.case if isinstance(data, CloseCaseOrdered) else None,
                before=told.before,
                letters=told.letters,
            )
            await transaction.report(_on_record(event, settled, topic=self._plan.outcomes))


def _on_record(order: Event[Payload], settled: OperationSettled, *, topic: str) -> Message:
    """The outcome as an event; its id is derived from the order, so that a repetition has the same id."""
    event = replace(
        order,
        id=ids.child_id(order.id, "settled"),
        source=f"urn:amtsweg:{settled.group}",
        time=datetime.now(UTC),
        data=settled,
    )
    return replace(encode(event, topic), key=settled.group.encode())


def goes_on(record: Record, *, group: str) -> bool:
    """Return whether the record orders this group to resume."""
    try:
        event = decode(record.value, record.headers, OPERATION_ORDERED.payloads)
    except Undecodable:
        return False
    return isinstance(event.data, GoOnOrdered) and event.data.group == group

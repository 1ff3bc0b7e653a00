"""Suspended authorities by the orders on the bus, which each process that needs them follows without a group.

The order on ``operation.ordered.v1`` is the suspension: whoever writes it, command or console, shuts the authority out
at the doors as soon as they read it. Kafka's own refusals are the command's work, since no process may change rights.
"""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog
from aiokafka import AIOKafkaConsumer

from shared.access.principal import Principal
from shared.access.principals import KnownPrincipals
from shared.errors import Unavailable
from shared.events.envelope import Undecodable, decode
from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.events.suspension import SuspensionTimes
from shared.events.topics import OPERATION_ORDERED
from shared.kafka.client import KafkaAddress
from shared.kafka.following import TopicRound, follow_records, seek_first
from shared.kafka.operator_orders import AUTHORITY_ORDERS
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record
from shared.telemetry.health import Condition, HealthStatus

FRESH: Final = timedelta(seconds=55)
"""How old the last reading may be; after that nobody says who is suspended."""

_ROUND_MS: Final = 1000


class SuspensionsNow(Protocol):
    """Who is suspended, as far as all orders have been read."""

    def now(self) -> SuspensionTimes:
        """All suspensions.

        Raises:
            Unavailable: the orders have not been read to their end lately.
        """


class UnsuspendedPrincipals:
    """Implements `KnownPrincipals`: no principal serves an authority while it is suspended."""

    def __init__(self, principals: KnownPrincipals, suspensions: SuspensionsNow) -> None:
        self._principals = principals
        self._suspensions = suspensions

    def get(self, principal: str) -> Principal | None:
        known = self._principals.get(principal)
        if known is None or not known.authorities:
            return known
        shut = known.authorities & self._suspensions.now().now().keys()
        return replace(known, authorities=known.authorities - shut) if shut else known


class FollowedSuspensions:
    """Implements `SuspensionsNow`; ``run`` keeps it up to date.

    One unreadable order degrades the view, since nobody knows what it says; the others count.
    """

    def __init__(
        self,
        address: KafkaAddress,
        *,
        condition: Condition,
    ) -> None:
        self._address = address
        self._condition = condition
        self._known = self._reading = SuspensionTimes()
        self._asked = float("-inf"), datetime.min.replace(tzinfo=UTC)
        self._stale_at = float("-inf")
        self._read_to: datetime | None = None
        self._unreadable = ""
        self._log = structlog.get_logger().bind(part="suspensions")

    def now(self) -> SuspensionTimes:
        if time.monotonic() > self._stale_at:
            raise Unavailable(f"{OPERATION_ORDERED.name} has not been read to its end lately")
        return self._known

    def known(self) -> tuple[SuspensionTimes, datetime] | None:
        """All suspensions, and the instant up to which every order is known; None if that is unknown."""
        if self._read_to is None or time.monotonic() > self._stale_at:
            return None
        return self._known, self._read_to

    async def run(self) -> None:
        """Follow until cancelled; after a failure from the first order on again."""
        await follow_records(self._address, self, round_ms=_ROUND_MS, asking=self._ask)

    def _ask(self) -> None:
        self._asked = time.monotonic(), datetime.now(UTC)

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        await seek_first(consumer, [AUTHORITY_ORDERS])
        self._reading, self._unreadable = SuspensionTimes(), ""

    async def take(self, round_: TopicRound) -> None:
        self._reading = self._followed(self._reading, round_.records)
        if round_.complete:
            asked, self._read_to = self._asked
            self._known, self._stale_at = self._reading, asked + FRESH.total_seconds()
            self._say()

    async def lost(self, failure: Exception) -> None:
        standing: HealthStatus = "degraded" if time.monotonic() <= self._stale_at else "unready"
        reason = f"{OPERATION_ORDERED.name} cannot be read: {type(failure).__name__}"
        self._condition.set(standing, reason=reason)

    def _followed(self, known: SuspensionTimes, records: Sequence[Record]) -> SuspensionTimes:
        for record in records:
            try:
                known = _after(known, record)
            except Undecodable as error:
                self._log.error("order not read", error=error, offset=record.offset)
                self._unreadable = f"{OPERATION_ORDERED.name}: the order at {record.offset} cannot be read"
        return known

    def _say(self) -> None:
        if self._unreadable:
            self._condition.set("degraded", reason=self._unreadable)
        else:
            self._condition.set("ready")


async def read_suspensions(address: KafkaAddress) -> SuspensionTimes:
    """Read all orders once, for a command; what cannot be read is passed over, as followers do.

    Raises:
        Unavailable: Kafka is away.
    """
    known = SuspensionTimes()
    async for records in read_to_end(address, {AUTHORITY_ORDERS: 0}, faults=True):
        for record in records:
            with contextlib.suppress(Undecodable):
                known = _after(known, record)
    return known


def _after(known: SuspensionTimes, record: Record) -> SuspensionTimes:
    event = decode(record.value, record.headers, OPERATION_ORDERED.payloads)
    if isinstance(event.data, SuspendOrdered | ResumeOrdered):
        return known.after(event.data, at=event.time)
    return known

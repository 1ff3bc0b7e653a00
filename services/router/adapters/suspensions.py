"""Suspended authorities at the console: as the orders on the bus say, and orders about them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from shared.access.suspensions import FollowedSuspensions
from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.kafka.client import KafkaAddress
from shared.kafka.operator_orders import ordered, send_orders
from shared.telemetry.health import Condition

SOURCE: Final = "urn:amtsweg:console"


class OrderedSuspensions:
    """`services.router.ports.console.Suspensions`; ``run`` keeps it up to date."""

    def __init__(self, address: KafkaAddress, *, condition: Condition) -> None:
        self._address = address
        self._followed = FollowedSuspensions(address, condition=condition)

    async def now(self) -> Mapping[str, datetime]:
        return self._followed.now().now()

    async def order(self, order: SuspendOrdered | ResumeOrdered) -> None:
        await send_orders(self._address, [ordered(order, source=SOURCE)])

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._followed.run()

"""The clearing desk's view of custody: what is parked, what is not confirmed, and what has left the desk by an order."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from aiokafka.errors import KafkaError

from services.router.adapters.custody_topic import FollowedCustody
from services.router.domain.cases.transitions import UNANSWERED
from shared.errors import Unavailable
from shared.events.custody import CaseHeld
from shared.events.topics import CASE_CUSTODY
from shared.kafka.client import KafkaAddress
from shared.telemetry.health import Condition

T = TypeVar("T")

_OF_THE_DESK: Final = (
    *(f'"standing":"{standing}"'.encode() for standing in ("parked", *UNANSWERED)),
    b'"placedBy":"',
    b'"doubt":"',
)
"""Most cases never see the desk: they are told by their bytes, which are ours and without white space."""


class FollowedCases:
    """`services.router.ports.DeskCases` over ``case.custody.v1``; ``run`` keeps it up to date.

    ``patience`` is how many seconds a question waits for the view to reach the topic's end.
    """

    def __init__(self, address: KafkaAddress, *, condition: Condition, patience: float = 5.0) -> None:
        self._followed = FollowedCustody(address, keep=_of_the_desk, condition=condition)
        self._patience = patience

    async def now(self) -> Mapping[UUID, CaseHeld]:
        try:
            async with asyncio.timeout(self._patience):
                return await self._followed.reach(await self._followed.ends())
        except (KafkaError, TimeoutError) as away:
            raise Unavailable(
                f"{CASE_CUSTODY.name}: the topic could not be read to its end; try again"
            ) from away

    async def until(self, seen: Callable[[Mapping[UUID, CaseHeld]], T | None]) -> T:
        return await self._followed.until(seen)

    def parked_for(self, now: datetime) -> float:
        """Seconds for which the oldest parked case has waited for a person; 0 when none does, or none is known."""
        try:
            cases = self._followed.cases
        except Unavailable:
            return 0.0
        parked = [held.since for held in cases.values() if held.standing == "parked"]
        return max(0.0, (now - min(parked, default=now)).total_seconds())

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._followed.run()


def _of_the_desk(value: bytes) -> CaseHeld | None:
    return CaseHeld.from_json(value) if any(mark in value for mark in _OF_THE_DESK) else None

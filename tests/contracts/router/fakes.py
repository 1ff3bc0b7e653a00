"""The clearing desk's surroundings without Kafka."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar
from uuid import UUID

from shared.events.custody import CaseHeld

T = TypeVar("T")


class FakeDeskCases:
    """Implements `services.router.ports.DeskCases` over what a test puts in."""

    def __init__(self) -> None:
        self._cases: dict[UUID, CaseHeld] = {}
        self._changed = asyncio.Condition()

    async def put(self, case: UUID, held: CaseHeld | None) -> None:
        """What a committed batch leaves of the case; None is its tombstone."""
        async with self._changed:
            if held is not None and (held.standing == "parked" or held.placed_by is not None):
                self._cases[case] = held
            else:
                self._cases.pop(case, None)
            self._changed.notify_all()

    async def now(self) -> Mapping[UUID, CaseHeld]:
        return self._cases

    async def until(self, seen: Callable[[Mapping[UUID, CaseHeld]], T | None]) -> T:
        async with self._changed:
            while (found := seen(self._cases)) is None:
                await self._changed.wait()
            return found

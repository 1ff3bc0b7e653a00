"""The clearing desk: shows cases that need a person, sends orders, waits for their effect and reports it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from services.router.domain.cases import desk
from services.router.domain.directory.model import Directory
from services.router.ports import Clock, DeskCases, Orders
from shared.events.envelope import encode
from shared.events.topics import CASE_ORDERED
from shared.local_time import calendar_day


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingDesk:
    """What a person at the clearing desk sees and orders. ``patience`` is how long an answer waits for the effect."""

    cases: DeskCases
    orders: Orders
    directory: Callable[[], Directory]
    clock: Clock
    patience: timedelta

    async def page(self, *, after: desk.DeskCursor | None, limit: int) -> desk.DeskPage:
        """So many cases that need a person, the oldest first, after a place in that list."""
        return desk.page(await self.cases.now(), now=self.clock(), after=after, limit=limit)

    async def show(self, reference: str) -> desk.Waiting | None:
        """The case with this receipt number, submission id or case id; None if it needs no person."""
        waiting = desk.find(await self.cases.now(), reference)
        return waiting if waiting is not None and waiting.needs_a_person(self.clock()) else None

    async def order(self, reference: str, wish: desk.OrderRequest) -> desk.OrderOutcome:
        """Send the order and wait for its outcome; a repetition returns the same outcome without a second effect."""
        waiting = desk.find(await self.cases.now(), reference)
        if waiting is None or desk.is_no_affair_of(waiting, now=self.clock()):
            return desk.Ineffective(obstacle="not-at-the-desk")
        now = self.clock()
        given = desk.order(wish, waiting, now=now)
        if (told := desk.effect(given, waiting)) is not None:
            return told
        today = calendar_day(now)
        obstacle = desk.objection(wish, waiting, directory=self.directory(), now=now, today=today)
        if obstacle is not None:
            return desk.Ineffective(obstacle=obstacle, waiting=waiting)
        await self.orders.publish(encode(given, CASE_ORDERED.name))
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                return await self.cases.until(lambda cases: desk.effect_in(cases, given))
        except TimeoutError:
            return desk.Pending(waiting=waiting)

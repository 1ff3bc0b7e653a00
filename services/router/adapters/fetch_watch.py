"""Watches what authorities have confirmed in their inboxes and reports it to the router; one process at a time does.

Whichever way an authority reads, it is the position of its group that says how far it has got. Two that watch at once tell
the same under the same ids, and no place goes back, so the lease in PostgreSQL only saves work.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NoReturn

import structlog
from aiokafka.errors import KafkaError

from services.router.adapters.held_cases import HeldCases
from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres.fetch_places import PostgresFetchPlaces
from services.router.domain.cases.fetching import fetches
from services.router.domain.cases.inbox import InboxRecord
from services.router.ports import AnswersTopic
from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.events.envelope import encode
from shared.events.topics import CASE_ANSWERED
from shared.postgres.leader import Lead, LeadLost, Lease
from shared.telemetry.health import Condition

_LOOK_SECONDS: Final = 2.0
_STANDBY_SECONDS: Final = 2.0
_MOST_RECORDS: Final = 200
_MOST_BYTES: Final = 4 * 1024 * 1024
_AT_ONCE: Final = 50


class FetchWatch:
    """``run`` watches, or waits to watch, until cancelled."""

    def __init__(
        self,
        *,
        lease: Lease,
        places: PostgresFetchPlaces,
        inboxes: KafkaInboxes,
        custody: HeldCases,
        bus: AnswersTopic,
        condition: Condition,
    ) -> None:
        self._lease = lease
        self._places = places
        self._inboxes = inboxes
        self._custody = custody
        self._bus = bus
        self._condition = condition
        self._log = structlog.get_logger().bind(part="fetched")

    async def run(self) -> None:
        pause = Backoff()
        while True:
            try:
                if lead := await self._lease.take():
                    await self._watch(lead, pause)
                self._condition.set("ready")
                await asyncio.sleep(_STANDBY_SECONDS)
            except LeadLost:
                continue
            except (Unavailable, KafkaError, OSError) as error:
                self._condition.set(
                    "degraded", reason="the router is not being told what authorities have fetched"
                )
                self._log.warning("not watching", error=error, next=pause.next_seconds)
                await pause.sleep()

    async def tell(self, records: Sequence[InboxRecord]) -> None:
        """Tell the router of what these records brought, as far as it stands as routed.

        Raises:
            Unavailable: it is not certain that Kafka has all of it; again is the same.
        """
        due = list(fetches(records, held=self._custody.now, now=datetime.now(UTC)))
        for start in range(0, len(due), _AT_ONCE):
            some = due[start : start + _AT_ONCE]
            await asyncio.gather(*(self._bus.publish(encode(each, CASE_ANSWERED.name)) for each in some))

    async def opened(self, records: Sequence[InboxRecord]) -> None:
        """Report as fetched what a person has on the screen, whether or not the inbox is confirmed."""
        try:
            await self.tell(records)
        except Unavailable:
            return  # it is told when the case is opened again

    async def _watch(self, lead: Lead, pause: Backoff) -> NoReturn:
        """Watch until another process leads."""
        told = await self._places.all()
        while True:
            await lead.renew()
            committed = await self._inboxes.committed(list(self._custody.holders()))
            moved = {name: place for name, place in committed.items() if place > told.get(name, 0)}
            if moved:
                await self._custody.caught_up()
                reached = {
                    name: await self._follow(name, told.get(name, 0), to) for name, to in moved.items()
                }
                await self._places.keep(reached)
                told |= reached
            self._condition.set("ready")
            pause.reset()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _follow(self, authority: str, place: int, committed: int) -> int:
        """Tell what was confirmed between two places of an inbox; return how far it was read."""
        if not any(case.standing == "routed" for case in self._custody.owed_by(authority).values()):
            return committed
        page = await self._inboxes.page(
            [authority], after={authority: place}, limit=_MOST_RECORDS, most_bytes=_MOST_BYTES
        )
        await self.tell([each for each in page.records if each.offset < committed])
        return min(page.reached.get(authority, committed), committed)

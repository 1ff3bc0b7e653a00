"""The clock itself: timers are set with the events, and struck when their instant has come."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifier.domain.clock import CaseClock, Timer, pending, timers
from services.notifier.domain.deadlines.law import Law
from services.notifier.ports import Clock, ClockLedger, Renewal, Replay, Timers
from shared.events.case import CaseMessage
from shared.events.envelope import Event
from shared.events.notification import NotificationRead, NotificationSettled
from shared.events.payload import Payload

_AT_ONCE = 500
_SAYS_NOTHING_OF_TIME = (CaseMessage, NotificationRead, NotificationSettled)


async def set_timers(events: Sequence[Event[Payload]], ledger: ClockLedger, law: Law) -> None:
    """Set the timers that follow from these events, inside the transaction that stores their offsets.

    What authorities have sealed lies in partitions by message, not by case, and is read beside the case's own events:
    it says nothing about time and must not touch a clock that somebody else is writing. Nor does what became of messages;
    a clock that an event leaves as it was keeps its timers.
    """
    events = [event for event in events if not isinstance(event.data, _SAYS_NOTHING_OF_TIME)]
    if not events:
        return
    known = {clock.case_id: clock for clock in await ledger.clocks({event.case_id for event in events})}
    latest: dict[UUID, datetime] = {}
    for event in events:
        clock = known.get(event.case_id) or CaseClock(case_id=event.case_id)
        after = clock.after(event)
        if after != clock:
            known[event.case_id], latest[event.case_id] = after, event.time
    if not latest:
        return
    wanted: list[Timer] = []
    for case, instant in latest.items():
        wanted += pending(timers(known[case], law), now=instant)
    await ledger.set([known[case] for case in latest], wanted)


@dataclass(slots=True, kw_only=True)
class Ticking:
    """Strikes timers until cancelled. Nothing strikes before every input has been replayed."""

    timers: Timers
    renewal: Renewal
    replay: Replay
    clock: Clock
    every: timedelta = timedelta(seconds=1)

    async def run(self) -> None:
        """Strike what is due, again and again.

        Raises:
            StoreAway: start again.
        """
        await self.replay.caught_up()
        await self.renewal.renew(self.clock())
        while True:
            if await self.timers.strike(self.clock(), most=_AT_ONCE) < _AT_ONCE:
                await asyncio.sleep(self.every.total_seconds())

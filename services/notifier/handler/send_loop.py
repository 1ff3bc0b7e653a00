"""The send loop: claim what is due, deliver side by side, pause when server or store is away."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from services.notifier.domain.breaker import Breaker
from services.notifier.domain.token_bucket import Pace
from services.notifier.handler.delivery import MailDelivery, Result
from services.notifier.handler.simulator import Simulator
from services.notifier.ports import Claim, Monotonic, Observer, Queue, Replay

_SERVER_WORKS = frozenset({"sent", "deferred"})
_SERVER_FAILS = frozenset({"server-away", "unwelcome", "unknown", "repeated"})


@dataclass(slots=True, kw_only=True)
class Rounds:
    """Runs until cancelled; then nothing new is claimed and what is under way comes to its end.

    At most ``side_by_side`` messages are under way. Every ``look`` messages are sought whose sender died, and ``unread``
    ones are noted where the channel knows of any.
    """

    queue: Queue
    courier: MailDelivery
    replay: Replay
    monotonic: Monotonic
    observer: Observer
    side_by_side: int
    pace: Pace
    unread: Callable[[], Awaitable[object]] | None = None
    simulator: Simulator = field(default_factory=Simulator)
    breaker: Breaker = field(default_factory=Breaker)
    idle: timedelta = timedelta(milliseconds=200)
    look: timedelta = timedelta(seconds=5)
    _looked_at: float | None = None
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Send until cancelled.

        Raises:
            StoreAway: what was under way has come to its end; start again.
        """
        try:
            await self.replay.caught_up()
            while True:
                await self._look_around()
                if not await self._claim():
                    await self._rest()
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way)

    async def _look_around(self) -> None:
        now = self.monotonic()
        if self._looked_at is None or now >= self._looked_at + self.look.total_seconds():
            for claim in await self.queue.stranded():
                self._start(claim, self.courier.take_over(claim))
            if self.unread is not None:
                await self.unread()
            if not self.breaker.allowance(now, most=1):
                await self._pass_over()
            self._looked_at = now

    async def _pass_over(self) -> None:
        """While the server is given a rest, hand over to the next channel what would otherwise be late."""
        for claim in await self.queue.claim(self.side_by_side, dated=True):
            result = await self.courier.pass_over(claim)
            if result == "failed":
                self.observer.came_to(claim, result)

    async def _claim(self) -> bool:
        """Claim and start what may be started now; False if there was nothing."""
        now = self.monotonic()
        self.pace = self.pace.refilled(now, at_most=self.breaker.rate(now))
        free = self.breaker.allowance(now, most=self.side_by_side) - len(self._under_way)
        most = min(free, int(self.pace.tokens))
        claims = await self.queue.claim(most) if most > 0 else ()
        self.pace = self.pace.spend(len(claims))
        for claim in claims:
            self._start(claim, self.courier.deliver(claim))
        return bool(claims)

    def _start(self, claim: Claim, attempt: Awaitable[Result]) -> None:
        task = asyncio.create_task(self._attend(claim, attempt))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _attend(self, claim: Claim, attempt: Awaitable[Result]) -> None:
        try:
            result = await attempt
        except Exception as error:  # noqa: BLE001 - not even a fault in the courier stops the others
            # Its lease runs out: what was not yet ``sending`` is tried again, what was goes by its kind.
            self.observer.broken(claim, error)
            return
        if self.simulator.has_played(claim.message.id):
            pass  # nothing was learnt about the server
        elif result in _SERVER_WORKS:
            self.breaker = self.breaker.after_success(self.monotonic())
        elif result in _SERVER_FAILS:
            self.breaker = self.breaker.after_failure(self.monotonic())
        self.observer.came_to(claim, result)

    async def _rest(self) -> None:
        """Wait a short while; less when half of what is under way ends before.

        A claim costs the same however much it takes. One for each message that ends would be what holds up the others.
        """
        seconds, half = self.idle.total_seconds(), self.side_by_side // 2
        if len(self._under_way) <= half:
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self._under_way) > half:
                    await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

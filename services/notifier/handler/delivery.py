"""From a claimed message to its outcome. Each step says what it means to die there."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Literal, TypeVar, assert_never
from uuid import UUID

from services.notifier.domain.address import Unusable
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.rendering import Unrenderable
from services.notifier.domain.retry import GiveUp, RetryPolicy, patience_for, pause_after, retry
from services.notifier.domain.told_by import last_chance
from services.notifier.domain.uncertain import ARRIVES_ONCE, course_after
from services.notifier.ports import (
    Accepted,
    Carrier,
    Claim,
    Clock,
    ContactNotOpened,
    Deferred,
    HeldBack,
    MailAnswer,
    MailRefused,
    Observer,
    Pause,
    Queue,
    ServerAway,
    StoreAway,
    Unanswered,
    Unwelcome,
    Withdrawn,
)
from shared.events.notification import FailureReason, NotificationSettled, Settlement, Shortcoming

Result = (
    Literal[
        "deferred",
        "held-back",
        "unwelcome",
        "server-away",
        "store-away",
        "unprepared",
        "internal-error",
        "lost",
        "repeated",
    ]
    | Settlement
)
"""What an attempt came to. ``unwelcome``: the server refuses us, whoever the recipient is; ``unprepared``: no
mail could be written; ``held-back``: it was not offered, since the recipient's domain is slow; ``internal-error``: our code failed; ``lost``: somebody else has the claim; ``repeated``: nobody
knows whether it was taken, and it is offered again."""

_AWAY = timedelta(seconds=1)
_LEFT_ALONE = timedelta(seconds=10)
_REMEMBERED = 50_000

Kept = TypeVar("Kept")


@dataclass(slots=True)
class _Begun:
    """Whether the content may have left."""

    yes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDelivery:
    """Delivers one message at a time; any number of deliveries may run side by side."""

    queue: Queue
    carrier: Carrier
    clock: Clock
    patience: RetryPolicy
    law: Law
    random: Random
    observer: Observer
    pauses: Callable[[], Pause]
    """Between two tries to write what is known of an attempt."""

    _handed_over: OrderedDict[UUID, Settlement] = field(default_factory=OrderedDict)
    """What this process has given to a server lately: a store that comes back from the past has forgotten it."""

    async def deliver(self, claim: Claim) -> Result:
        """Send the message, or settle it unsent, or put it off.

        Dying before ``sending`` is committed: the lease ends and somebody else sends. Dying after it: the
        message is found ``sending`` with an ended lease, and its kind says what follows (`uncertain`).
        """
        known = self._handed_over.get(claim.message.id)
        if known is not None:
            return await self._settle(claim, known, attempts=claim.attempts)
        if claim.contact in ("none", "erased"):
            return await self._settle(claim, "no-contact", attempts=claim.attempts)
        if claim.suppressed and claim.message.channel in claim.message.channels[:-1]:
            # Another channel takes over; where there is none, the duty stays and the message is tried.
            return await self._settle(claim, "failed", attempts=claim.attempts, reason="suppressed")
        begun = _Begun()
        try:
            return await self._attempt(claim, begun)
        except Exception as error:  # noqa: BLE001 - a fault with one message must not stop the others
            self.observer.broken(claim, error)
            return await self._stumbled(claim, begun)

    async def _attempt(self, claim: Claim, begun: _Begun) -> Result:
        async def begin() -> bool:
            begun.yes = await self.queue.begin(claim)
            return begun.yes

        try:
            answer = await self.carrier.carry(claim, before_content=begin)
        except Unusable:
            return await self._settle(claim, "failed", attempts=claim.attempts, reason="address")
        except (ContactNotOpened, Unrenderable):
            # A missing key or template is ours to mend, not the applicant's to suffer.
            return await self._again(claim, "unprepared", attempts=claim.attempts + 1)
        except (ServerAway, StoreAway) as away:
            result: Result = "server-away" if isinstance(away, ServerAway) else "store-away"
            return await self._put_off(claim, result, attempts=claim.attempts, pause=_AWAY)
        if isinstance(answer, HeldBack):
            return await self._put_off(claim, "held-back", attempts=claim.attempts, pause=answer.pause)
        return await self._conclude(claim, answer)

    async def _stumbled(self, claim: Claim, begun: _Begun) -> Result:
        """After an error of our own: what was begun is unknown, the rest is tried again a few times."""
        attempts = claim.attempts + 1
        if begun.yes and claim.message.channel not in ARRIVES_ONCE:
            return await self._unsure(claim, attempts=attempts)
        if attempts >= self.patience.faults:
            return await self._settle(claim, "failed", attempts=attempts, reason="internal-error")
        return await self._postpone(claim, "internal-error", attempts=attempts)

    async def pass_over(self, claim: Claim) -> Result:
        """Put the message off without an attempt, unless the next channel would then be too late."""
        if claim.message.id in self._handed_over:
            return await self.deliver(claim)
        return await self._put_off(claim, "held-back", attempts=claim.attempts, pause=_LEFT_ALONE)

    async def take_over(self, claim: Claim) -> Result:
        """Go on with a message whose sender died between its content and the answer: it is unknown whether the server has it."""
        if claim.message.channel in ARRIVES_ONCE:
            return await self._postpone(claim, "deferred", attempts=claim.attempts + 1)
        return await self._unsure(claim, attempts=claim.attempts + 1)

    async def _unsure(self, claim: Claim, *, attempts: int) -> Result:
        """It is unknown whether the message was accepted; its kind says what follows.

        A crash after the message was given back offers it again: that is what was decided.
        """
        message = claim.message
        course = course_after(message.kind, message.channels, message.channel, repeats=claim.repeats)
        if course != "again":
            return await self._settle(claim, "unknown", attempts=attempts)
        pause = pause_after(self.patience, attempts=attempts, jitter=self.random.random())
        await self._insist(
            lambda: self.queue.postpone(claim, attempts=attempts, pause=pause, repeats=claim.repeats + 1)
        )
        return "repeated"

    async def _conclude(self, claim: Claim, answer: MailAnswer) -> Result:
        attempts = claim.attempts + 1
        match answer:
            case Accepted():
                lacks = self.carrier.lacks(claim)
                return await self._settle(claim, "sent", attempts=attempts, reason=lacks)
            case MailRefused():
                return await self._settle(claim, "failed", attempts=attempts, reason="refused")
            case Unanswered():
                return await self._unsure(claim, attempts=attempts)
            case Deferred(bounded=True):
                return await self._again(claim, "deferred", attempts=attempts)
            case Deferred() | Unwelcome():
                result: Result = "unwelcome" if isinstance(answer, Unwelcome) else "deferred"
                return await self._postpone(claim, result, attempts=attempts)
            case Withdrawn():
                return "lost"
        assert_never(answer)

    async def _again(self, claim: Claim, result: Result, *, attempts: int) -> Result:
        message, age = claim.message, self.clock() - claim.created_at
        goes_on = message.channel in message.channels[:-1]
        patience = patience_for(message.kind, self.patience, goes_on=goes_on)
        decision = retry(patience, attempts=attempts, age=age, jitter=self.random.random())
        if isinstance(decision, GiveUp):
            return await self._settle(claim, "failed", attempts=attempts, reason="gave-up")
        return await self._put_off(claim, result, attempts=attempts, pause=decision.pause)

    async def _postpone(self, claim: Claim, result: Result, *, attempts: int) -> Result:
        """Put off what the recipient has not caused: it is given up only where another channel is in time."""
        pause = pause_after(self.patience, attempts=attempts, jitter=self.random.random())
        return await self._put_off(claim, result, attempts=attempts, pause=pause)

    async def _put_off(self, claim: Claim, result: Result, *, attempts: int, pause: timedelta) -> Result:
        """Try again after the pause, unless the next channel would then be too late, whatever the cause."""
        latest = self._last_chance(claim)
        if latest is not None and claim.created_at < latest <= self.clock() + pause:
            return await self._settle(claim, "failed", attempts=attempts, reason="gave-up")
        await self._insist(lambda: self.queue.postpone(claim, attempts=attempts, pause=pause))
        return result

    def _last_chance(self, claim: Claim) -> datetime | None:
        """None also if our code fails to compute it, so that the message can still be postponed."""
        try:
            return last_chance(claim.message, self.law)
        except Exception as error:  # noqa: BLE001 - a fault with one message must not stop the others
            self.observer.broken(claim, error)
            return None

    async def _settle(
        self,
        claim: Claim,
        outcome: Settlement,
        *,
        attempts: int,
        reason: FailureReason | Shortcoming | None = None,
    ) -> Result:
        if outcome in {"sent", "unknown"}:
            self._remember(claim.message.id, outcome)
        settled = NotificationSettled(
            message_id=claim.message.id,
            kind=claim.message.kind,
            revision=claim.message.revision,
            channel=claim.message.channel,
            outcome=outcome,
            attempts=attempts,
            settled_at=self.clock(),
            reason=reason,
            repeats=claim.repeats,
        )
        return outcome if await self._insist(lambda: self.queue.settle(claim, settled)) else "lost"

    def _remember(self, message_id: UUID, outcome: Settlement) -> None:
        self._handed_over[message_id] = outcome
        if len(self._handed_over) > _REMEMBERED:
            self._handed_over.popitem(last=False)

    async def _insist(self, write: Callable[[], Awaitable[Kept]]) -> Kept:
        """Write the outcome of an attempt, however long the store is away: only this process knows it."""
        pause = self.pauses()
        while True:
            try:
                return await write()
            except StoreAway:
                await pause.sleep()

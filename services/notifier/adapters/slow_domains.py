"""Recipients' domains that a mail server is slow with: they hold a part of its connections, so that others are in time.

A mail server that asks the recipient's server back, or is kept waiting by it, keeps us waiting as well.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from services.notifier.adapters.conversation import RecipientUnanswered
from services.notifier.domain.mail import Mail
from services.notifier.ports import Deferred, HeldBack, Mailer, MailOutcome, Monotonic, Unanswered

_KEPT_WAITING: Final = 451
"""What the server would have answered, had it answered."""

_CROWDED: Final = timedelta(seconds=1)
_SLOW: Final = timedelta(seconds=30)
_MOST_KNOWN: Final = 1000


@dataclass(slots=True)
class _Domain:
    """``inside`` counts mails that ask for a place or have one, ``placed`` those that have one.

    ``began`` are the instants at which those under way got a connection: to wait for one says nothing about the domain.
    ``unanswered``: the last one was a time-out that counted against the server.
    """

    places: asyncio.Semaphore
    inside: int = 0
    placed: int = 0
    began: list[float] = field(default_factory=list)
    answers: int = 0
    slow: bool = False
    unanswered: bool = False


class SlowDomainsApart:
    """The `Mailer` over another one with so many ``connections``, which are given out here.

    One domain never has all of them, and all that are slow together have half of them. What cannot get one within
    ``patience`` is held back. A time-out counts against the mail where the server has answered others meanwhile. Where it
    has not, the first of each domain counts against the server, so that one domain alone never does.
    """

    def __init__(
        self,
        mailer: Mailer,
        *,
        connections: int,
        monotonic: Monotonic,
        slow_after: timedelta = timedelta(seconds=5),
        patience: timedelta = timedelta(seconds=2),
    ) -> None:
        self._mailer = mailer
        self._most = max(connections - 1, 1)
        self._most_slow = max(connections // 2, 1)
        self._free = asyncio.Semaphore(connections)
        self._monotonic = monotonic
        self._slow_after = slow_after.total_seconds()
        self._patience = patience.total_seconds()
        self._domains: dict[str, _Domain] = {}
        self._answers = 0

    async def hand_over(self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]) -> MailOutcome:
        name = mail.recipient.rpartition("@")[2].lower()
        domain = self._domains.get(name)
        if domain is None:
            domain = self._domains[name] = _Domain(asyncio.Semaphore(self._most))
        domain.inside += 1
        try:
            if self._is_slow(domain) and self._busy_with_slow() >= self._most_slow:
                return HeldBack(_SLOW)
            if not await _taken(domain.places, patience=self._patience):
                return HeldBack(_SLOW if self._is_slow(domain) else _CROWDED)
            domain.placed += 1
            try:
                async with self._free:
                    return await self._offer(domain, mail, before_content)
            finally:
                domain.placed -= 1
                domain.places.release()
        finally:
            domain.inside -= 1
            self._forget(name, domain)

    def _is_slow(self, domain: _Domain) -> bool:
        if not domain.slow and domain.began:
            domain.slow = self._monotonic() - domain.began[0] > self._slow_after
        return domain.slow

    def _busy_with_slow(self) -> int:
        return sum(domain.placed for domain in self._domains.values() if self._is_slow(domain))

    async def _offer(
        self, domain: _Domain, mail: Mail, before_content: Callable[[], Awaitable[bool]]
    ) -> MailOutcome:
        began, others = self._monotonic(), self._answers - domain.answers
        domain.began.append(began)
        try:
            outcome = await self._mailer.hand_over(mail, before_content=before_content)
        except RecipientUnanswered:
            domain.slow = True
            if self._answers - domain.answers > others:
                return Deferred(_KEPT_WAITING)
            if not domain.unanswered:
                domain.unanswered = True
                raise
            return HeldBack(_SLOW)
        finally:
            domain.began.remove(began)
        if isinstance(outcome, HeldBack):
            return outcome
        domain.slow = self._monotonic() - began > self._slow_after
        if isinstance(outcome, Unanswered):
            return outcome
        domain.unanswered = False
        domain.answers += 1
        self._answers += 1
        return outcome

    def _forget(self, name: str, domain: _Domain) -> None:
        """Of domains that no mail is for now, remember the slow ones, and not too many."""
        if not domain.inside and (not domain.slow or len(self._domains) > _MOST_KNOWN):
            del self._domains[name]


async def _taken(places: asyncio.Semaphore, *, patience: float) -> bool:
    if not places.locked():
        await places.acquire()
        return True
    try:
        async with asyncio.timeout(patience):
            await places.acquire()
    except TimeoutError:
        return False
    return True

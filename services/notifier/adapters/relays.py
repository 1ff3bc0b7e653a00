"""Several mail servers in order: while the first does not work, the second carries, and never both the same mail.

What a server has not answered after the content is unknown and goes through no other one; whatever is offered to the
next was certainly not taken by the one before.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from services.notifier.adapters.conversation import RecipientUnanswered
from services.notifier.adapters.smtp import SmtpMailer
from services.notifier.domain.breaker import Breaker
from services.notifier.domain.mail import Mail
from services.notifier.domain.token_bucket import Pace
from services.notifier.ports import (
    Deferred,
    HeldBack,
    MailOutcome,
    Monotonic,
    ServerAway,
    Unanswered,
    Unwelcome,
)
from shared.telemetry.health import Condition

_ANY: Final = 1e9
_OVER_ITS_PACE: Final = timedelta(seconds=1)


@dataclass(slots=True)
class Relay:
    """A mail server by the name that operators know, and how it does; ``probing``: one mail finds out if it is back.

    ``pace`` is what it takes in a second. ``not_taken`` are the recipients' domains whose mails it has not taken since it
    last took one. ``doubt`` counts mails that it left without an answer, of whatever domain: it is asked last then, and not
    left alone, since the recipients' servers may be what it waits for.
    """

    name: str
    mailer: SmtpMailer
    pace: Pace = field(default_factory=partial(Pace.of, _ANY, now=0.0))
    breaker: Breaker = field(default_factory=Breaker)
    doubt: Breaker = field(default_factory=Breaker)
    probing: bool = False
    not_taken: set[str] = field(default_factory=set)


class RelayChain:
    """The `Mailer` over relays in order. Health is degraded while any of them is left alone or in doubt."""

    def __init__(self, relays: Sequence[Relay], *, monotonic: Monotonic, condition: Condition) -> None:
        self._relays = relays
        self._monotonic = monotonic
        self._condition = condition
        condition.set("ready")

    async def hand_over(self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]) -> MailOutcome:
        agreed = False

        async def once() -> bool:
            nonlocal agreed
            agreed = agreed or await before_content()
            return agreed

        left: MailOutcome | None = None
        error = ServerAway("no mail server takes mails now")
        for relay in sorted(self._relays, key=self._is_doubted):
            if not self._may_try(relay):
                continue
            if not self._spends(relay):
                left = left or HeldBack(_OVER_ITS_PACE)
                continue
            try:
                outcome = await self._offer(relay, mail, once)
            except RecipientUnanswered as late:
                error = late
            except ServerAway:
                pass
            else:
                if not isinstance(outcome, Unwelcome):
                    return outcome
                left = outcome
        if left is None:
            raise error
        return left

    async def close(self) -> None:
        """Say goodbye to every server."""
        for relay in self._relays:
            await relay.mailer.close()

    async def _offer(
        self, relay: Relay, mail: Mail, before_content: Callable[[], Awaitable[bool]]
    ) -> MailOutcome:
        domain = mail.recipient.rpartition("@")[2].lower()
        probe = relay.breaker.open_until is not None or relay.doubt.open_until is not None
        relay.probing = relay.probing or probe
        try:
            outcome = await relay.mailer.hand_over(mail, before_content=before_content)
        except RecipientUnanswered:
            self._unanswered(relay, domain)
            raise
        except ServerAway:
            self._failed(relay)
            raise
        finally:
            relay.probing = relay.probing and not probe
        if isinstance(outcome, Unanswered):
            self._unanswered(relay, domain)
            return outcome
        now = self._monotonic()
        relay.doubt = relay.doubt.after_success(now)
        if isinstance(outcome, Deferred | Unwelcome):
            self._not_taken(relay, domain)
        else:
            relay.not_taken.clear()
            relay.breaker = relay.breaker.after_success(now)
        self._say()
        return outcome

    def _may_try(self, relay: Relay) -> bool:
        if relay.breaker.open_until is None:
            return True
        return not relay.probing and relay.breaker.allowance(self._monotonic(), most=1) > 0

    def _is_doubted(self, relay: Relay) -> bool:
        if relay.doubt.open_until is None:
            return False
        return relay.probing or not relay.doubt.allowance(self._monotonic(), most=1)

    def _spends(self, relay: Relay) -> bool:
        """Whether it takes one more mail this second; a server that comes back takes few at first."""
        now = self._monotonic()
        relay.pace = relay.pace.refilled(now, at_most=min(relay.breaker.rate(now), relay.doubt.rate(now)))
        if relay.pace.tokens < 1:
            return False
        relay.pace = relay.pace.spend(1)
        return True

    def _unanswered(self, relay: Relay, domain: str) -> None:
        relay.doubt = relay.doubt.after_failure(self._monotonic())
        self._not_taken(relay, domain)
        self._say()

    def _not_taken(self, relay: Relay, domain: str) -> None:
        """One domain's mails say little; those of one domain after the other say that the server is at fault."""
        if domain not in relay.not_taken:
            relay.not_taken.add(domain)
            self._failed(relay)

    def _failed(self, relay: Relay) -> None:
        relay.breaker = relay.breaker.after_failure(self._monotonic())
        self._say()

    def _say(self) -> None:
        doubted = [each.name for each in self._relays if each.doubt.open_until is not None]
        left = [each.name for each in self._relays if each.breaker.open_until is not None]
        if len(doubted) < len(self._relays):  # where all are, the recipients' servers may be slow
            left += [name for name in doubted if name not in left]
        if left:
            rest = "others carry them" if len(left) < len(self._relays) else "they wait"
            self._condition.set("degraded", reason=f"{', '.join(left)} does not take mails; {rest}")
        elif doubted:
            reason = f"{', '.join(doubted)} has left the last mails without an answer; they wait"
            self._condition.set("degraded", reason=reason)
        else:
            self._condition.set("ready")

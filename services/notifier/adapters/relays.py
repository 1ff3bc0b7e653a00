"""Several mail servers in order: while the first does not work, the second carries, and never both the same mail.

What a server has not answered after the content is unknown and goes through no other one; whatever is offered to the
next was certainly not taken by the one before.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from services.notifier.adapters.conversation import RecipientUnanswered
from services.notifier.adapters.smtp import SmtpMailer
from services.notifier.domain.breaker import Breaker
from services.notifier.domain.mail import Mail
from services.notifier.ports import (
    Deferred,
    MailOutcome,
    Monotonic,
    ServerAway,
    Unwelcome,
)
from shared.telemetry.health import Condition


@dataclass(slots=True)
class Relay:
    """A mail server by the name that operators know, and how it does; ``probing``: one mail finds out if it is back.

    ``not_taken`` are the recipients' domains whose mails it has not taken since it last took one.
    """

    name: str
    mailer: SmtpMailer
    breaker: Breaker = field(default_factory=Breaker)
    probing: bool = False
    not_taken: set[str] = field(default_factory=set)


class RelayChain:
    """The `Mailer` over relays in order. Health is degraded while any of them is left alone."""

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

        refused: Unwelcome | None = None
        for relay in self._relays:
            if not self._may_try(relay):
                continue
            try:
                outcome = await self._offer(relay, mail, once)
            except ServerAway:
                continue
            if not isinstance(outcome, Unwelcome):
                return outcome
            refused = outcome
        if refused is not None:
            return refused
        raise ServerAway("no mail server takes mails now")

    async def close(self) -> None:
        """Say goodbye to every server."""
        for relay in self._relays:
            await relay.mailer.close()

    async def _offer(
        self, relay: Relay, mail: Mail, before_content: Callable[[], Awaitable[bool]]
    ) -> MailOutcome:
        domain = mail.recipient.rpartition("@")[2].lower()
        relay.probing = True
        try:
            outcome = await relay.mailer.hand_over(mail, before_content=before_content)
        except RecipientUnanswered:
            self._not_taken(relay, domain)
            raise
        except ServerAway:
            self._failed(relay)
            raise
        finally:
            relay.probing = False
        if isinstance(outcome, Deferred | Unwelcome):
            self._not_taken(relay, domain)
        else:
            relay.not_taken.clear()
            relay.breaker = relay.breaker.after_success()
            self._say()
        return outcome

    def _may_try(self, relay: Relay) -> bool:
        if relay.breaker.open_until is None:
            return True
        return not relay.probing and relay.breaker.allowance(self._monotonic(), most=1) > 0

    def _not_taken(self, relay: Relay, domain: str) -> None:
        """One domain's mails say little; those of one domain after the other say that the server is at fault."""
        if domain not in relay.not_taken:
            relay.not_taken.add(domain)
            self._failed(relay)

    def _failed(self, relay: Relay) -> None:
        relay.breaker = relay.breaker.after_failure(self._monotonic())
        self._say()

    def _say(self) -> None:
        left = [each.name for each in self._relays if each.breaker.open_until is not None]
        if left:
            self._condition.set(
                "degraded", reason=f"{', '.join(left)} does not take mails; others carry them"
            )
        else:
            self._condition.set("ready")

"""Several mail servers in order: while the first does not work, the second carries, and never both the same mail.

What a server has not answered after the content is unknown and goes through no other one; whatever is offered to the
next was certainly not taken by the one before.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from services.notifier.adapters.smtp import SmtpMailer
from services.notifier.domain.breaker import Breaker
from services.notifier.domain.mail import Mail
from services.notifier.ports import Deferred, MailOutcome, Monotonic, ServerAway, Unwelcome
from shared.telemetry.health import Condition


@dataclass(slots=True)
class Relay:
    """A mail server by the name that operators know, and how it does; ``probing``: one mail finds out if it is back."""

    name: str
    mailer: SmtpMailer
    breaker: Breaker = field(default_factory=Breaker)
    probing: bool = False


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
        relay.probing, worked = True, None
        try:
            outcome = await relay.mailer.hand_over(mail, before_content=before_content)
            worked = not isinstance(outcome, Deferred | Unwelcome)
        except ServerAway:
            worked = False
            raise
        finally:
            relay.probing = False
            if worked is not None:
                self._note(relay, worked=worked)
        return outcome

    def _may_try(self, relay: Relay) -> bool:
        if relay.breaker.open_until is None:
            return True
        return not relay.probing and relay.breaker.allowance(self._monotonic(), most=1) > 0

    def _note(self, relay: Relay, *, worked: bool) -> None:
        """One refusal says little; one after the other, whoever the recipients are, says that the server is at fault."""
        if worked:
            relay.breaker = relay.breaker.after_success()
        else:
            relay.breaker = relay.breaker.after_failure(self._monotonic())
        left = [each.name for each in self._relays if each.breaker.open_until is not None]
        if left:
            self._condition.set(
                "degraded", reason=f"{', '.join(left)} does not take mails; others carry them"
            )
        else:
            self._condition.set("ready")

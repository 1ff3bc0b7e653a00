"""A mail server that exists only in memory; it answers like the real one in ``mail_server``."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.notifier.adapters.conversation import judged
from services.notifier.domain.mail import Mail
from services.notifier.ports import Accepted, MailOutcome, ServerAway, Unanswered, Unwelcome, Withdrawn
from tests.support.mail_server import AFTER_CONTENT, AT_RECIPIENT, SILENT


@dataclass
class FakeMailer:
    """The `Mailer` of component tests."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    away: bool = False
    refuse_senders: bool = False
    refuses_us: bool = False

    async def hand_over(self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]) -> MailOutcome:
        local = mail.recipient.partition("@")[0]
        if self.away or self.refuse_senders or local == "closing":
            raise ServerAway("the mail server is away")
        if self.refuses_us:
            return Unwelcome(550)
        if local in AT_RECIPIENT:
            return _judge(AT_RECIPIENT[local])
        if not await before_content():
            return Withdrawn()
        if local in AFTER_CONTENT:
            return _judge(AFTER_CONTENT[local])
        self.taken.append((mail.recipient, mail.content))
        return Unanswered() if local == SILENT else Accepted()


def _judge(reply: str) -> MailOutcome:
    return judged(int(reply[:3]), reply[4:])

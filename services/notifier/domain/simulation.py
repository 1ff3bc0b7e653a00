"""Recipients for trials: nothing is sent to them, and each has one outcome by name, on every channel.

The domain is one that nobody can register (RFC 2606 section 2), the postcode one that is not given: whoever uses them
tries out what an applicant would live through, on any installation, and reaches nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from services.notifier.domain.address import Address
from services.notifier.domain.bounces import DeliveryReport
from services.notifier.domain.reach import Addressee
from shared.events.submission import Channel

MAIL_DOMAIN: Final = "amtsweg.test"
MAILBOX_PREFIX: Final = "test:"
POSTCODE: Final = "00000"

SimulatedAnswer = Literal["accepted", "deferred", "refused", "unanswered"]

_DEFERRED_TIMES: Final = 2


@dataclass(frozen=True, slots=True)
class SimulatedRecipient:
    """How one behaves: its answer, at first a deferral or not, and the reports that follow an acceptance, in order."""

    answers: SimulatedAnswer = "accepted"
    defers_first: bool = False
    reports: tuple[DeliveryReport, ...] = ()

    def answer(self, *, attempts: int) -> SimulatedAnswer:
        """The answer to the next attempt, after so many."""
        return "deferred" if self.defers_first and attempts < _DEFERRED_TIMES else self.answers


_DELIVERED = DeliveryReport("delivered", "2.1.5")
_DELAYED = DeliveryReport("delayed", "4.4.7")
_BOUNCED = DeliveryReport("failed", "5.1.1")

MAIL_RECIPIENTS: Final[Mapping[str, SimulatedRecipient]] = MappingProxyType(
    {
        "accepted": SimulatedRecipient(),
        "delivered": SimulatedRecipient(reports=(_DELIVERED,)),
        "delayed": SimulatedRecipient(reports=(_DELAYED, _DELIVERED)),
        "bounced": SimulatedRecipient(reports=(_BOUNCED,)),
        "bounced-late": SimulatedRecipient(reports=(_DELIVERED, _BOUNCED)),
        "deferred": SimulatedRecipient(defers_first=True, reports=(_DELIVERED,)),
        "refused": SimulatedRecipient("refused"),
        "unanswered": SimulatedRecipient("unanswered"),
    }
)
MAILBOXES: Final[Mapping[str, SimulatedRecipient]] = MappingProxyType(
    {
        "unread": SimulatedRecipient(),
        "deferred": SimulatedRecipient(defers_first=True),
        "gone": SimulatedRecipient("refused"),
    }
)
_UNKNOWN: Final = SimulatedRecipient("refused")
"""A name that is none of these reaches nobody either."""


SANDBOX: Final[Mapping[Channel, SimulatedRecipient]] = MappingProxyType(
    {
        "email": MAIL_RECIPIENTS["delivered"],
        "mailbox": MAILBOXES["unread"],
        "letter": SimulatedRecipient(),
    }
)
"""What every recipient is in the cases of a client that only tries things out, unless it has an outcome by name."""


def simulated_mail(address: Address) -> SimulatedRecipient | None:
    """How this address behaves; None for a real one. What follows a ``+`` tells trials apart."""
    local, _, domain = address.lower().rpartition("@")
    if domain != MAIL_DOMAIN:
        return None
    return MAIL_RECIPIENTS.get(local.partition("+")[0], _UNKNOWN)


def simulated_mailbox(mailbox: str) -> SimulatedRecipient | None:
    """How this mailbox behaves; None for a real one."""
    if not mailbox.startswith(MAILBOX_PREFIX):
        return None
    return MAILBOXES.get(mailbox.removeprefix(MAILBOX_PREFIX).partition(":")[0], _UNKNOWN)


def simulated_letter(addressee: Addressee) -> SimulatedRecipient | None:
    """A letter there is taken and not printed; None for a real address."""
    return SimulatedRecipient() if addressee.lines[-1].partition(" ")[0] == POSTCODE else None

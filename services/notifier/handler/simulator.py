"""Answers in place of the carrier of a message to a simulated recipient; nothing is sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.notifier.domain.simulation import SANDBOX, SimulatedRecipient
from services.notifier.ports import (
    Accepted,
    Claim,
    Deferred,
    DeliveryReports,
    MailOutcome,
    MailRefused,
    Unanswered,
    Withdrawn,
)

_BUSY: Final = 450
_NO_MAILBOX: Final = 550


@dataclass(frozen=True, slots=True)
class Simulator:
    """Plays every channel's other end. Of ``clients`` that only try things out it plays all recipients."""

    reports: DeliveryReports | None = None
    clients: frozenset[str] = frozenset()
    _played: set[UUID] = field(default_factory=set)

    def plays(self, named: SimulatedRecipient | None, claim: Claim) -> SimulatedRecipient | None:
        """How the recipient behaves, who may have an outcome by name; None for a real one."""
        if named is None and claim.message.client_id in self.clients:
            return SANDBOX[claim.message.channel]
        return named

    async def answer(
        self, recipient: SimulatedRecipient, claim: Claim, *, before_content: Callable[[], Awaitable[bool]]
    ) -> MailOutcome:
        """The outcome of this attempt; reports follow once it is on record."""
        message = claim.message.id
        self._played.add(message)
        match recipient.answer(attempts=claim.attempts):
            case "deferred":
                return Deferred(_BUSY)
            case "refused":
                return MailRefused(_NO_MAILBOX)
            case answer if not await before_content():
                return Withdrawn()
        if answer == "unanswered":
            return Unanswered()
        if self.reports is not None and recipient.reports:
            self.reports.follow(message, recipient.reports)
        return Accepted()

    def has_played(self, message: UUID) -> bool:
        """Whether the attempt that has just ended was ours; it says nothing about any real server. Asked once."""
        if message not in self._played:
            return False
        self._played.discard(message)
        return True

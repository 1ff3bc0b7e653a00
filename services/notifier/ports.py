"""What the notifier needs of the world."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.notifier.domain.bounces import DeliveryReport
from services.notifier.domain.case import Case, ContactState
from services.notifier.domain.clock import CaseClock, Timer
from services.notifier.domain.letter import PrintedLetter
from services.notifier.domain.mail import Mail
from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.notice import Provision
from services.notifier.domain.rendering import Names
from shared.events.case import CaseMessage
from shared.events.envelope import Event
from shared.events.erasure import EraseOrdered
from shared.events.notification import NotificationRead, NotificationSettled, Shortcoming
from shared.events.payload import Sealed

Clock = Callable[[], datetime]
"""The present instant, with its offset."""

Monotonic = Callable[[], float]
"""Seconds of a clock that nobody sets."""


class ServerAway(Exception):  # noqa: N818 - named for what is wrong
    """The mail server is not there, or refuses us rather than one mail; nothing was handed over."""


class StoreAway(Exception):  # noqa: N818 - named for what is wrong
    """The store is not there; whether a transaction was committed may be unknown."""


class ContactNotOpened(Exception):  # noqa: N818 - what happened to the contact, in the project's vocabulary
    """A contact does not open with our keys."""


class CaseStore(Protocol):
    """Cases and messages, inside the one transaction in which a batch of events is applied."""

    async def cases(self, ids: Collection[UUID]) -> Sequence[Case]:
        """Return those of these cases that are known."""

    async def removed(self, ids: Collection[UUID]) -> Collection[UUID]:
        """Return those of these ids, unknown to ``cases``, whose cases were removed a long time after they closed."""

    async def keep(self, cases: Collection[Case], messages: Sequence[ApplicantMessage]) -> None:
        """Write cases and newly planned messages; a message whose fate is on record already keeps it."""

    async def note(self, notices: Sequence[Event[CaseMessage]]) -> None:
        """Keep what authorities have sealed to us, until the contact is deleted."""

    async def close(self, settled: Sequence[Event[NotificationSettled]]) -> None:
        """Write what became of messages, planned yet or not; what is settled already stays as it is."""

    async def note_read(self, reports: Sequence[Event[NotificationRead]]) -> None:
        """Write that these messages were opened in their mailboxes, and say so; the first report counts."""

    async def erase(self, cases: Collection[UUID], orders: Sequence[Event[EraseOrdered]]) -> None:
        """Destroy what messages of these cases say, take back those that wait, and report on the orders."""


class ClockLedger(Protocol):
    """What the clock knows of cases, inside the one transaction in which a batch of events is applied."""

    async def clocks(self, ids: Collection[UUID]) -> Sequence[CaseClock]:
        """Return those of these cases' clocks that are known; that of a removed case is closed and knows nothing."""

    async def set(self, clocks: Collection[CaseClock], timers: Collection[Timer]) -> None:
        """Keep these clocks; their timers are these and no others, except those that have struck."""


class Timers(Protocol):
    """The timers that are set."""

    async def strike(self, now: datetime, *, most: int) -> int:
        """Strike up to so many timers that are due, each with its event in one transaction; return how many.

        Raises:
            StoreAway: nothing is known of it.
        """


class Renewal(Protocol):
    """Timers that were set by the law as it stood."""

    async def renew(self, now: datetime) -> int:
        """Set the timers of all open cases anew where the law has changed since; return of how many. After `StoreAway`, again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message that is ours alone until a lease ends. ``attempts`` were made before, since ``created_at``.

    ``repeats``: so often it was offered although an earlier offer may have been taken.
    ``retries``: so often an operator has ordered to try anew what was settled.
    ``notice`` is what the authority has sealed to us for it, where that is known.
    ``suppressed``: an earlier message of the case was refused for good on this channel, or came back.
    """

    message: ApplicantMessage
    contact: ContactState
    attempts: int
    created_at: datetime
    lease: UUID
    repeats: int = 0
    retries: int = 0
    notice: Sealed | None = None
    suppressed: bool = False


class Queue(Protocol):
    """The messages that wait. Every method is a transaction of its own; leases go by the store's clock.

    Raises:
        StoreAway: from every method.
    """

    async def claim(self, most: int, *, dated: bool = False) -> Sequence[Claim]:
        """Lease up to so many that are due, a case's older news first; ``dated``: only those that must go on by a day, in any order."""

    async def begin(self, claim: Claim) -> bool:
        """Set the message to ``sending`` and commit; False if the claim is not ours any more."""

    async def settle(self, claim: Claim, settled: NotificationSettled) -> bool:
        """Write the outcome and emit its event, in one transaction; False if it is not ours to settle."""

    async def postpone(
        self, claim: Claim, *, attempts: int, pause: timedelta, repeats: int | None = None
    ) -> None:
        """Give the message back; it is due again after the pause. ``repeats``: somebody may have it already."""

    async def stranded(self) -> Sequence[Claim]:
        """Take over messages whose sender died, or lost its lease, while they were ``sending``."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server has taken the mail over (250 after its content)."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The server did not take this mail now. ``bounded``: the recipient may be the reason, so that it is given up in the end."""

    code: int
    bounded: bool = True


@dataclass(frozen=True, slots=True)
class MailRefused:
    """The server will never take this mail (5xx), and the recipient is the reason (RFC 3463: X.1.Y, X.2.Y)."""

    code: int


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """The server refuses us, or has trouble of its own; it has not got the mail, nor would it take another."""

    code: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The content went out and no answer came: nobody knows whether the server has it."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """``before_content`` said no; nothing was handed over."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Nothing was taken: the recipient's domain is slow, and others come first. Try again after the pause."""

    pause: timedelta


MailAnswer = Accepted | Deferred | MailRefused | Unwelcome | Unanswered | Withdrawn
MailOutcome = MailAnswer | HeldBack


class Mailer(Protocol):
    """A mail server."""

    async def hand_over(self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]) -> MailOutcome:
        """Offer the mail; ask ``before_content`` once the recipient is accepted, at the last safe moment.

        Raises:
            ServerAway: nothing was handed over, and nothing is wrong with this mail.
            StoreAway: passed on from ``before_content``; nothing was handed over.
        """


class Signer(Protocol):
    """Who vouches for mails to their receivers."""

    def sign(self, mail: bytes, *, at: datetime) -> bytes:
        """Return the mail with its signature."""


class Mailboxes(Protocol):
    """The mailboxes that platforms keep for their applicants."""

    async def provide(self, notice: Provision) -> MailOutcome:
        """Post the notice; ``Deferred`` also where nobody knows whether it arrived: the same id is the same notice."""


class LetterBox(Protocol):
    """Where letters are put to be printed."""

    async def put(self, letter: PrintedLetter) -> MailOutcome:
        """Put the letter there, once, however often it is asked.

        Raises:
            ServerAway: the place cannot be written to; nothing lies there.
        """


class DeliveryReports(Protocol):
    """Reports on mails that nobody has sent."""

    def follow(self, message: UUID, reports: Sequence[DeliveryReport]) -> None:
        """Write them in their order, once the message's acceptance is on record."""


class Carrier(Protocol):
    """One channel."""

    def lacks(self, claim: Claim) -> Shortcoming | None:
        """What the message lacks although it went out."""

    async def carry(self, claim: Claim, *, before_content: Callable[[], Awaitable[bool]]) -> MailOutcome:
        """Write the message and offer it; ask ``before_content`` at the last safe moment.

        Raises:
            Unusable: the contact has no address for this channel.
            ContactNotOpened, Unrenderable: nothing could be written.
            ServerAway: nothing was handed over, and nothing is wrong with this message.
            StoreAway: passed on from ``before_content``; nothing was handed over.
        """


class Contacts(Protocol):
    """The notifier's private key."""

    def open(self, contact: Sealed, *, submission_id: UUID) -> bytes:
        """Return the contact's JSON.

        Raises:
            ContactNotOpened: none of our keys opens it.
        """

    def open_notice(self, notice: Sealed, *, submission_id: UUID) -> bytes:
        """Return the JSON of what an authority has sealed to us.

        Raises:
            ContactNotOpened: none of our keys opens it.
        """


class Replay(Protocol):
    """The beginning of sending: a rebuilt store must have heard first what was sent before (design, section 6)."""

    async def caught_up(self) -> None:
        """Return when every input has been replayed to the ends noted at the start.

        Raises:
            StoreAway: it cannot be said.
        """


class Pause(Protocol):
    """Grows from one to the next."""

    async def sleep(self) -> None:
        """Wait for this one."""


class Observer(Protocol):
    """Whoever counts and logs."""

    def came_to(self, claim: Claim, result: str) -> None:
        """An attempt ended with this result."""

    def broken(self, claim: Claim, error: Exception) -> None:
        """An attempt ended with an error that nobody expected."""


class NameDirectory(Protocol):
    """What services and authorities are called."""

    def names(self, *, service: str, authority: str | None) -> Names:
        """Return the names that are known."""

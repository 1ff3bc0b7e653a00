"""What the router needs of the world."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol, TypeVar
from uuid import UUID

from services.router.domain.cases.answering import AnswerEntry, AnswerFound
from services.router.domain.cases.custody import Holding
from services.router.domain.cases.due import Due
from services.router.domain.cases.inbox import InboxLook, InboxPage, InboxRecord, InboxStanding
from services.router.domain.cases.owed_case import OwedCase
from services.router.domain.cases.webhooks import Webhook
from services.router.domain.decision.resolver import Resolver
from shared.events.answer_refusal import AnswerRefusalsTold, AnswerWithoutEffect
from shared.events.custody import CaseHeld
from shared.events.envelope import Message
from shared.events.payload import Sealed
from shared.events.submission import SubmissionHeld
from shared.events.suspension import SuspensionTimes

T = TypeVar("T")

Clock = Callable[[], datetime]
"""The present instant, with its offset."""


class Directories(Protocol):
    """The versions of the directory."""

    def at(self, instant: datetime, *, on: date | None = None) -> Resolver:
        """Return what decides by the version in force at this instant, ready for inquiries of the day ``on``.

        Raises:
            Unavailable: it is not known for certain which one that is, or it is not ready yet.
        """


class SuspensionsRead(Protocol):
    """Which authorities were suspended."""

    def known(self) -> tuple[SuspensionTimes, datetime] | None:
        """All suspensions, and the instant before which every order is known; None while that is unknown."""


class Unreachable(Exception):  # noqa: N818 - named for what is wrong
    """A submission cannot be handed to this authority; ``reason`` is why it is parked."""

    def __init__(self, authority: str, *, reason: str) -> None:
        super().__init__(f"{authority}: {reason}")
        self.reason = reason


class Authorities(Protocol):
    """The authorities as the bus knows them: their inboxes and their public keys."""

    def reseal(self, content: Sealed, *, submission_id: UUID, authority: str) -> Sealed:
        """Return the content for this authority's eyes; the ciphertext stays as it is.

        Raises:
            Unreachable: it has no inbox or no key, or the content is not sealed to the platform for this submission.
        """

    def has_inbox(self, authority: str) -> bool:
        """Return whether it can be told of anything; raises ``Unavailable`` while that is not known."""


class Cases(Protocol):
    """The custody of one partition's cases as the present batch sees it."""

    def custody(self, case: UUID) -> CaseHeld | None:
        """Return who holds the case; None if it is unknown, or forgotten after its close."""

    def keep(self, case: UUID, custody: CaseHeld) -> None:
        """Set the custody; it holds when the batch commits."""

    def forget(self, case: UUID) -> None:
        """Remove the custody; it is gone when the batch commits."""

    def held(self, submission: UUID) -> SubmissionHeld | None:
        """Return the sealed objects of an open case, if `wanted` has asked for them."""

    def refusals(self, authority: str) -> AnswerRefusalsTold | None:
        """Return what this partition remembers of refusals that the authority was told."""

    def keep_refusals(self, authority: str, told: AnswerRefusalsTold | None) -> None:
        """Set that memory, or let it go; it holds when the batch commits."""


class DeskCases(Protocol):
    """The clearing desk's view of all partitions, whichever replica works on them."""

    async def now(self) -> Mapping[UUID, CaseHeld]:
        """Return what is parked, and what has left the desk by an order, as committed by now.

        Raises:
            Unavailable: it is not known for certain.
        """

    async def until(self, seen: Callable[[Mapping[UUID, CaseHeld]], T | None]) -> T:
        """Wait for changes until the view shows what is looked for, and return it.

        Raises:
            Unavailable: the view is lost meanwhile.
        """


class Custody(Protocol):
    """The doors' view of who holds which case."""

    def now(self, case: UUID) -> Holding | None:
        """Return who holds the case as far as the view goes; it may lag.

        Raises:
            Unavailable: there is no view yet.
        """

    async def certainly(self, case: UUID) -> Holding | None:
        """Return who holds the case, with all that was written when this was asked.

        Raises:
            Unavailable: it is not known for certain within a few seconds.
        """


class OwedCases(Protocol):
    """The open cases of an authority."""

    def owed_by(self, authority: str) -> Mapping[UUID, OwedCase]:
        """The cases for which this authority owes an answer or a certificate, as far as the view goes; it may lag.

        Raises:
            Unavailable: there is no view yet.
        """

    def without_effect(self, authority: str) -> Sequence[AnswerWithoutEffect]:
        """Its latest answers that had no effect, the newest first, as far as the view goes."""


class DueDates(Protocol):
    """What the calendar says."""

    def of(self, case: UUID) -> Due | None:
        """Return what is due or late about the case, as far as it is known; it may lag."""


class AnswerStore(Protocol):
    """The answers of all authorities, each under its authority and its own id; raises ``Unavailable``."""

    async def enter(self, entry: AnswerEntry) -> AnswerFound | None:
        """Enter it and hold it for this attempt; return what stood there before, if anything did."""

    async def find(self, authority: str, own_id: str) -> AnswerFound | None:
        """Return what stands there."""

    async def claim(self, entry: AnswerEntry) -> bool:
        """Hold an entry whose attempt has come to nothing; False if another one was faster."""

    async def settle(self, entry: AnswerEntry, *, taken: bool) -> None:
        """Note how the attempt ended. That may be lost: a repetition sends the same event again."""

    async def withdraw(self, entry: AnswerEntry) -> None:
        """Take out an entry whose event is certainly on no topic. That may be lost: then it waits for a repetition."""


class AnswersTopic(Protocol):
    """Where this process publishes."""

    async def publish(self, message: Message) -> None:
        """Return when all in-sync replicas have it.

        Raises:
            MessageRefused: Kafka will never take it.
            Unavailable: it is not confirmed, and may have arrived all the same.
        """


class Inboxes(Protocol):
    """The authorities' inboxes, and the position that each authority's own group has committed.

    All of it raises ``Unavailable`` while Kafka is away.
    """

    async def page(
        self, authorities: Sequence[str], *, after: Mapping[str, int], limit: int, most_bytes: int
    ) -> InboxPage:
        """Return records after these places; where there is none, after the committed one. Each inbox has its share."""

    async def about(
        self, authority: str, case: UUID, *, written_ms: Sequence[int], supplements: int
    ) -> Sequence[InboxRecord]:
        """Return the delivery of this case, and of so many supplements to it, that were written at these instants."""

    async def commit(self, places: Mapping[str, int]) -> None:
        """Confirm what lies before these places; what is confirmed stays so.

        Raises:
            BadCursor: one of them is not written yet.
            ConsumerInGroup: a consumer is in one of the groups.
        """

    async def rewind(self, authority: str, *, to_ms: int) -> int:
        """Commit the place of an instant, and return it; raises ``ConsumerInGroup`` as `commit` does."""

    async def standing(self, authorities: Sequence[str]) -> Sequence[InboxStanding]:
        """Return how far each of these authorities has read; those that have no inbox are left out."""


class InboxLooks(Protocol):
    """What authorities did at their inbox over HTTP, for their own eyes. Noting never fails."""

    async def fetched(self, authorities: Collection[str]) -> None:
        """Note that somebody has fetched for them."""

    async def refused(self, authority: str) -> None:
        """Note that an answer of theirs was refused."""

    async def of(self, authorities: Collection[str]) -> Mapping[str, InboxLook]:
        """Return what is noted of them; raises ``Unavailable``."""


class WebhookStore(Protocol):
    """The registered webhooks; raises ``Unavailable``."""

    async def register(self, authorities: Collection[str], *, principal: str, url: str) -> int:
        """Announce what is not confirmed, and what comes, there; return the generation of the principal's secret."""

    async def rotate(self, principal: str) -> int | None:
        """Begin a new generation of its secret, and return it; None if it has none."""

    async def withdraw(self, authorities: Collection[str]) -> Sequence[str]:
        """Call no more for these authorities; return those for which that has changed."""

    async def rewind(self, authority: str, *, place: int) -> None:
        """Announce again from this place on, if it is registered."""

    async def of(self, authorities: Collection[str]) -> Mapping[str, Webhook]:
        """Return how those of them that are registered stand."""


class News(Protocol):
    """News of an inbox that a request waits for."""

    async def wait(self, *, seconds: float) -> bool:
        """Return whether something may have come, as soon as that is so or the time is over."""


class Arrivals(Protocol):
    """Reports that something may have come into an inbox."""

    def listening(self, authorities: Sequence[str]) -> AbstractContextManager[News]:
        """What arrives from here on is news."""


class Orders(Protocol):
    """The topic of orders."""

    async def publish(self, message: Message) -> None:
        """Return when all in-sync replicas have it.

        Raises:
            Unavailable: it is not confirmed, and may have arrived all the same.
        """

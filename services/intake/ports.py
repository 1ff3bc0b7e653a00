"""What intake needs of the world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from services.intake.domain.admission import EntryStanding, ReceiptEntry
from services.intake.domain.client import Assertion, Bearer
from services.intake.domain.history import HistoryLine
from shared.access.principal import Principal
from shared.events.case import AnswerKind, DecisionOutcome
from shared.events.envelope import Message
from shared.events.payload import Sealed
from shared.events.sealed_answer import AnswerKeys
from shared.events.submission import Receipt

Clock = Callable[[], datetime]
Purpose = Literal["content", "contact"]


class Book(Protocol):
    """The book of receipts: what has been promised to whom, before anything is sent."""

    async def enter(self, entry: ReceiptEntry) -> EntryStanding | None:
        """Enter it durably and hold it for one attempt; None if it is new, else what stands there."""

    async def claim(self, submission_id: UUID) -> bool:
        """Hold an entry that nobody holds and that has not been taken, for one more attempt."""

    async def settle(self, submission_id: UUID, *, taken: bool) -> None:
        """Note how the attempt ended; never fails.

        A note that is lost does no harm: the history notes what was taken, and a hold ends by itself.
        """


class Sealer(Protocol):
    def seal(self, plaintext: bytes, *, submission_id: UUID, purpose: Purpose) -> Sealed:
        """Encrypt to whoever needs it for this purpose, and nobody else."""


class SealingKeys(Protocol):
    """Whom an authority seals the parts of its answers to."""

    def of(self, client_id: str, *, submission_id: UUID) -> AnswerKeys:
        """Return the keys in use, for answers about this submission of the client.

        Raises:
            Unavailable: that cannot be said now.
        """


class Bus(Protocol):
    async def publish(self, message: Message) -> None:
        """Return when all in-sync replicas have it; whatever is raised means that it may or may not be so."""


class Registered(Protocol):
    def get(self, principal: str) -> Principal | None:
        """Return the principal as known at most a minute ago; None if there is none or it was revoked.

        Raises:
            Unavailable: that cannot be said now.
        """


class SecretHashes(Protocol):
    async def fitting(self, secret: str, *, among: Sequence[str]) -> str | None:
        """Return the PHC string that the secret fits; a refusal takes as long whether there are any or not."""


class Tokens(Protocol):
    def issue(self, bearer: Bearer) -> str:
        """Return a signed access token, valid from now."""


class Assertions(Protocol):
    def claimed(self, assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """The header and the claims of a JWT, nothing verified yet; None if it is none."""

    def verifies(self, assertion: str, *, key: Mapping[str, Any]) -> bool:
        """Whether its signature is by this public key."""


class AssertionIds(Protocol):
    async def first_use(self, assertion: Assertion) -> bool:
        """Remember the assertion's id until it expires; False if it was seen before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A submission that was taken, with the lines of its case in the order in which they happened."""

    submission_id: UUID
    case_id: UUID
    receipt: Receipt
    lines: Sequence[HistoryLine]
    client_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """A stretch of a client's feed; ``next`` is the cursor to go on from."""

    lines: Sequence[HistoryLine]
    next: str
    more: bool


class Histories(Protocol):
    """What has been read back from the bus. What belongs to another client does not exist."""

    async def submission(self, submission_id: UUID, *, client_id: str) -> Known | None:
        """Return the client's submission."""

    async def by_reference(self, reference_hash: str, *, client_id: str) -> Sequence[Known]:
        """Return the client's submissions under one of its references, the newest first, at most twenty."""

    async def by_number(self, receipt_number: str, *, client_id: str) -> Known | None:
        """Return the client's submission with this receipt number."""

    async def case(self, case_id: UUID, *, client_id: str) -> Known | None:
        """Return the client's case."""

    async def feed(self, client_id: str, *, after: str | None, limit: int) -> FeedPage | None:
        """Return what was added after a cursor; None if the cursor is not of this feed (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityMessage:
    """What an authority has sealed for the client with one of its answers; ``content`` is a JWE as JSON."""

    message_id: UUID
    answer_id: UUID
    at: datetime
    authority: str
    kind: AnswerKind
    outcome: DecisionOutcome | None
    content: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """Messages of a case in the order of their arrival; ``next`` is the cursor to go on from."""

    messages: Sequence[AuthorityMessage]
    next: str
    more: bool


class Messages(Protocol):
    """What authorities have sealed for the clients. What belongs to another client does not exist."""

    async def page(
        self, case_id: UUID, *, client_id: str, after: str | None, limit: int
    ) -> MessagePage | None:
        """Return what came after a cursor and is not confirmed; None if the cursor is not of this case."""

    async def confirm(self, message_id: UUID, *, case_id: UUID, client_id: str) -> None:
        """Take the message away for good; without effect where it is gone."""

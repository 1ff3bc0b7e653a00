"""The interfaces that intake's handlers need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from services.intake.domain.admission import EntryStanding, ReceiptEntry
from services.intake.domain.client import Assertion, Bearer
from shared.access.principal import Principal
from shared.case_history.lines import HistoryLine
from shared.events.case import AnswerKind, DecisionOutcome
from shared.events.envelope import Message
from shared.events.payload import Sealed
from shared.events.sealed_answer import AnswerKeys
from shared.events.submission import Receipt

Clock = Callable[[], datetime]
Purpose = Literal["content", "contact"]


class ReceiptStore(Protocol):
    """The store of receipts: every receipt is entered here before its event is sent."""

    async def enter(self, entry: ReceiptEntry) -> EntryStanding | None:
        """Enter it durably and hold it for one attempt; return None if it is new, otherwise the existing entry."""

    async def claim(self, submission_id: UUID) -> bool:
        """Hold an entry for another attempt; False if an attempt holds it or its event was sent."""

    async def settle(self, submission_id: UUID, *, taken: bool) -> None:
        """Note the result of the attempt; never raises.

        A lost note does no harm: the history notes accepted submissions, and a hold expires by itself.
        """

    async def withdraw(self, submission_id: UUID) -> None:
        """Take out an entry whose event is certainly on no topic, as if nothing had happened; never raises.

        If that is lost, the entry waits for a repetition.
        """


class Sealer(Protocol):
    def seal(self, plaintext: bytes, *, submission_id: UUID, purpose: Purpose) -> Sealed:
        """Encrypt to the recipient of this purpose alone."""


class SealingKeys(Protocol):
    """The keys for which an authority seals the parts of its answers."""

    def of(self, client_id: str, *, submission_id: UUID) -> AnswerKeys:
        """Return the keys in use, for answers about this submission of the client.

        Raises:
            Unavailable: the principals cannot be read.
        """


class Bus(Protocol):
    async def publish(self, message: Message) -> None:
        """Return when all in-sync replicas have it.

        Raises:
            MessageRefused: Kafka will never take it. After any other exception the outcome is not known.
        """


class Registered(Protocol):
    def get(self, principal: str) -> Principal | None:
        """Return the principal as known at most a minute ago; None if there is none or it was revoked.

        Raises:
            Unavailable: the principals cannot be read.
        """


class SecretHashes(Protocol):
    async def fitting(self, secret: str, *, among: Sequence[str]) -> str | None:
        """Return the PHC string that matches the secret, or None; a refusal takes equally long even if there are none."""


class Tokens(Protocol):
    def issue(self, bearer: Bearer) -> str:
        """Return a signed access token, valid from now."""


class Assertions(Protocol):
    def claimed(self, assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """The header and the claims of a JWT, unverified; None if it is not a JWT."""

    def verifies(self, assertion: str, *, key: Mapping[str, Any]) -> bool:
        """Whether its signature is by this public key."""


class AssertionIds(Protocol):
    async def first_use(self, assertion: Assertion) -> bool:
        """Remember the assertion's id until it expires; False if it was seen before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An accepted submission, with the lines of its case in the order in which they happened."""

    submission_id: UUID
    case_id: UUID
    receipt: Receipt
    lines: Sequence[HistoryLine]
    client_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """A page of a client's feed; ``next`` is the cursor of the following page."""

    lines: Sequence[HistoryLine]
    next: str
    more: bool


class Histories(Protocol):
    """The histories read from the bus. Another client's data is treated as absent."""

    async def submission(self, submission_id: UUID, *, client_id: str) -> Known | None:
        """Return the client's submission."""

    async def by_reference(self, reference_hash: str, *, client_id: str) -> Sequence[Known]:
        """Return the client's submissions under one of its references, the newest first, at most twenty."""

    async def by_number(self, receipt_number: str, *, client_id: str) -> Known | None:
        """Return the client's submission with this receipt number."""

    async def case(self, case_id: UUID, *, client_id: str) -> Known | None:
        """Return the client's case."""

    async def feed(self, client_id: str, *, after: str | None, limit: int) -> FeedPage | None:
        """Return the lines added after a cursor; None if the cursor does not, or no longer, belong to this feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityMessage:
    """The part of an authority's answer that is sealed for the client; ``content`` is a JWE as JSON."""

    message_id: UUID
    answer_id: UUID
    at: datetime
    authority: str
    kind: AnswerKind
    outcome: DecisionOutcome | None
    content: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """Messages of a case in order of arrival; ``next`` is the cursor of the following page."""

    messages: Sequence[AuthorityMessage]
    next: str
    more: bool


class Messages(Protocol):
    """The messages that authorities have sealed for clients. Another client's messages are treated as absent."""

    async def page(
        self, case_id: UUID, *, client_id: str, after: str | None, limit: int
    ) -> MessagePage | None:
        """Return the unconfirmed messages after a cursor; None if the cursor does not belong to this case."""

    async def confirm(self, message_id: UUID, *, case_id: UUID, client_id: str) -> None:
        """Delete the message permanently; no effect if it no longer exists."""

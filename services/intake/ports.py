"""What intake needs of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from services.intake.domain.admission import Entry, Standing
from services.intake.domain.client import Assertion, Bearer, Client
from services.intake.domain.history import Line
from shared.events.envelope import Message
from shared.events.payload import Sealed
from shared.events.submission import Receipt

Purpose = Literal["content", "contact"]


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Return the instant, with its offset from UTC."""


class Book(Protocol):
    """The book of receipts: what has been promised to whom, before anything is sent."""

    async def enter(self, entry: Entry) -> Standing | None:
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


class Bus(Protocol):
    async def publish(self, message: Message) -> None:
        """Return when all in-sync replicas have it; whatever is raised means that it may or may not be so."""


class Clients(Protocol):
    def get(self, client_id: str) -> Client | None:
        """Return the client as known at most 30 s ago; None if there is none or it was shut out.

        Raises:
            Unavailable: the clients are not known yet.
        """


class Secrets(Protocol):
    async def matches(self, secret: str, *, expected: str | None) -> bool:
        """Whether the secret fits the PHC string; takes as long when there is none."""


class Tokens(Protocol):
    def issue(self, bearer: Bearer) -> str:
        """Return a signed access token, valid from now."""

    def read(self, token: str) -> Bearer | None:
        """Return whose valid token it is, or None."""


class Assertions(Protocol):
    def subject(self, assertion: str) -> str | None:
        """The client that the JWT claims to come from; nothing is verified yet."""

    def claims(self, assertion: str, *, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The JWT's claims if its signature verifies with this public key, else None."""


class AssertionIds(Protocol):
    async def first_use(self, assertion: Assertion) -> bool:
        """Remember the assertion's id until it expires; False if it was seen before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A submission that was taken, with the lines of its case in the order in which they happened."""

    submission_id: UUID
    case_id: UUID
    receipt: Receipt
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A stretch of a client's feed; ``next`` is the cursor to go on from."""

    lines: Sequence[Line]
    next: str
    more: bool


class Histories(Protocol):
    """What has been read back from the bus. What belongs to another client does not exist."""

    async def submission(self, submission_id: UUID, *, client_id: str) -> Known | None:
        """Return the client's submission."""

    async def case(self, case_id: UUID, *, client_id: str) -> Known | None:
        """Return the client's case."""

    async def feed(self, client_id: str, *, after: str | None, limit: int) -> Page | None:
        """Return what was added after a cursor; None if the cursor is not of this feed (any more)."""

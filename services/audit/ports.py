"""What the audit service needs of the world."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol
from uuid import UUID

from services.audit.domain.access import Reader
from services.audit.domain.append import Appended
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.completeness import CaseEvent, Obligation
from services.audit.domain.daily_statement import DayStated
from services.audit.domain.merkle import CompactRange
from services.audit.domain.pseudonyms import Opening
from services.audit.domain.reading import Found, Question
from services.audit.domain.shard import Carried, OpenCase
from services.audit.domain.tiles import TileName
from services.audit.domain.timestamp import Stamped

Clock = Callable[[], datetime]

GROUP: Final = "audit"
"""The consumer group of the sequencer."""


class Fork(Exception):  # noqa: N818 - the name of the thing itself
    """Two truths about the log were met. Nothing may be signed until a person has understood why."""


class QuorumMissing(Exception):  # noqa: N818 - named in the words of the policy
    """Too few witnesses have cosigned; nothing is published, and the same is tried again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A log while it is locked: its tree, the keys asked for and who of these is erased.

    ``known_events`` is the wrapped secret of `KnownEvents`, None where the database was made anew from files and the
    service has not run since; ``rebuilt``: some entries' events have no names.
    """

    frontier: CompactRange
    keys: Mapping[str, bytes]
    erased: AbstractSet[str]
    known_events: bytes | None
    rebuilt: bool


class Readers(Protocol):
    """All who have a token."""

    def find(self, token: str, now: datetime) -> Reader | None:
        """Whose token this is; None if nobody's, expired or revoked up to a minute ago.

        Raises:
            Unavailable: that cannot be said now.
        """


class Ledger(Protocol):
    """The log in PostgreSQL, inside one open transaction."""

    async def lock(self, owners: Collection[str], *, appending: bool = True) -> Locked:
        """Lock the tree until the transaction ends; return its state and these owners' keys.

        Raises:
            Stopped: the log is not there, or it is closed and something is to be appended.
        """

    async def known(self, names: Collection[UUID]) -> AbstractSet[UUID]:
        """Which of these names of events (`KnownEvents`) are taken, in whatever log."""

    async def placed(self, ids: Collection[str]) -> AbstractSet[str]:
        """Which of these leaves are in this log."""

    async def store(self, appended: Appended, names: Sequence[UUID]) -> None:
        """Write entries, payloads, keys and the tree, and the names of the events."""

    async def erase(self, owner: str) -> int:
        """Destroy the owner's key, payloads and tokens; return how many payloads there were."""

    async def expire(self, types: Collection[str], before: datetime) -> int:
        """Destroy the payloads of entries of these types from before; return how many there were."""


class Ledgers(Protocol):
    """Opens transactions on the log."""

    def transaction(self) -> AbstractAsyncContextManager[Ledger]:
        """A transaction that commits when its block ends without an error."""


BusPartition = tuple[str, int]
"""A partition of the bus: topic and number."""


class CommittedLog(Protocol):
    """What has been committed: the only source of what is published."""

    async def positions(self) -> Mapping[BusPartition, int]:
        """How far each partition of the bus has been read; all that lies before is in the log."""

    async def frontier(self) -> CompactRange:
        """The tree as it stands."""

    async def frontier_at(self, size: int) -> CompactRange:
        """The tree as it stood at this size, from the rows themselves."""

    async def entries(self, start: int, end: int) -> Sequence[bytes]:
        """The entries from start to before end."""

    async def subtrees(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """The hashes at this tile level (1 and higher) from start to before end."""


class Publications(Protocol):
    """The promise of what has been signed, in PostgreSQL."""

    async def intend(self, checkpoint: Checkpoint) -> None:
        """Record that this checkpoint is about to be signed.

        Raises:
            Fork: a larger one, or another root of this size, was recorded before.
        """

    async def published(self, checkpoint: Checkpoint, note: bytes, at: datetime) -> None:
        """Record that it has been published, and announce it on the bus, in one transaction."""


class PublicFiles(Protocol):
    """Files that anybody may be shown, by path; each but the checkpoint is written once."""

    async def add(self, files: Mapping[str, bytes]) -> None:
        """Write these; return when they are durable. One that is there with the same bytes stays.

        Raises:
            Fork: one is there already with other bytes.
            Unavailable: some may be written, others are not.
        """

    async def replace(self, path: str, data: bytes) -> None:
        """Write the file, or replace it in one step.

        Raises:
            Unavailable: it may not be written.
        """

    async def remove(self, folder: str) -> None:
        """Remove what lies in this folder, if it is there.

        Raises:
            Unavailable: some may be left.
        """

    async def read(self, path: str) -> bytes | None:
        """The file's bytes; None where there is no such file.

        Raises:
            Unavailable: it is not known.
        """

    def read_now(self, path: str) -> bytes | None:
        """Like `read`, in the caller's thread."""


class TileStorage(Protocol):
    """The log's public files, and beside them the record of what was signed last."""

    async def put(self, files: Mapping[TileName, bytes]) -> None:
        """Write tiles and bundles; return when they are durable.

        Raises:
            Fork: a file is there already with other bytes.
            Unavailable: the files cannot be written (disk full).
        """

    async def evidence(self) -> str | None:
        """Where evidence of a contradiction is kept, None where there is none."""

    async def signed(self) -> Checkpoint | None:
        """The largest checkpoint that was, or was about to be, signed."""

    async def intend(self, checkpoint: Checkpoint) -> None:
        """Record that this checkpoint is about to be signed."""

    async def publish(self, note: bytes, positions: Mapping[BusPartition, int]) -> None:
        """Replace the file ``checkpoint`` in one step, and keep beside it how far the bus was read for it."""

    async def discard(self, names: Sequence[TileName]) -> None:
        """Remove the partial files of tiles that are full now."""


class Archive(Protocol):
    """The searchable side of the log."""

    async def find(self, question: Question) -> Sequence[Found]:
        """The entries that answer the question, in the log's order."""

    async def count(self, question: Question, *, most: int) -> int:
        """How many entries answer the question, wherever a page of them begins; ``most`` where there are more."""

    async def named(self, id: str) -> Found | None:  # noqa: A002 - the word of the leaf
        """The entry whose leaf has this id."""

    async def cases(self, tokens: Sequence[str]) -> Sequence[str]:
        """The cases that can be found by one of these tokens."""

    async def latest(self, type: str, *, limit: int) -> Sequence[Found]:  # noqa: A002 - the word of the envelope
        """The last entries of this type, newest first; quick for the types that speak about the log."""


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """How a rule stands: obligations not met, those of them that are overdue, and since when the oldest waits."""

    rule: str
    open: int
    overdue: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class UnmetCase:
    """An obligation, and the pseudonym of its case."""

    case: str
    unmet: Obligation


class ObligationWatch(Protocol):
    """What must follow from what, kept up behind the log."""

    async def judged(self) -> int:
        """How many entries have been judged."""

    async def standing(self, now: datetime) -> Sequence[RuleStanding]:
        """How each rule stands that has something unmet."""

    async def overdue(self, now: datetime, *, limit: int) -> Sequence[UnmetCase]:
        """The obligations that are overdue, longest first."""

    def histories(self, until: datetime) -> AsyncIterator[tuple[str, Sequence[CaseEvent]]]:
        """Every case with what had happened to it before this instant; reads the whole log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How each rule stands that has something unmet, and the cases that are overdue longest.

    ``judged``: so many entries were held against the rules; None where all cases were judged anew.
    """

    at: datetime
    judged: int | None
    standing: Sequence[RuleStanding]
    overdue: Sequence[UnmetCase]


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day's statement as it stands in the log."""

    index: int
    entry: bytes
    disclosure: Opening
    stated: DayStated


class OpenCases(Protocol):
    """The open cases of a closed log, on their way into the next one."""

    def open(self) -> AsyncIterator[Sequence[OpenCase]]:
        """Portions of them, with what the rules ask about."""

    async def carry(self, cases: Sequence[Carried]) -> None:
        """Bring over what had happened to these cases, under their new pseudonyms."""


class Stamps(Protocol):
    """The time stamps over the log's checkpoints, one a day."""

    async def of(self, day: date) -> Stamped | None:
        """That day's time stamp."""

    async def keep(self, day: date, stamped: Stamped) -> None:
        """Keep the day's time stamp; the first one stays.

        Raises:
            Unavailable: it cannot be written.
        """

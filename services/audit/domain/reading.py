"""What auditors ask for, and what they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.audit.domain.encoding import MAX_SIZE
from services.audit.domain.leaf import Leaf
from services.audit.domain.pseudonyms import Opening

LONGEST_TIMELINE = 10_000
"""Entries of a case that are shown at once."""

COUNTED = 10_000
"""So many entries are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What an auditor asks for; all that is given must hold. ``after`` and ``before`` are indexes.

    ``trace`` finds the cases in which it occurs; ``looks`` is False where looks and what else is about the log itself
    are to be left out.
    """

    case: Sequence[str] = ()
    actor: str | None = None
    authority: str | None = None
    service: str | None = None
    type: str | None = None
    event: UUID | None = None
    trace: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    looks: bool = True
    after: int = -1
    before: int | None = None
    limit: int = 100

    def said(self) -> Mapping[str, str]:
        """The question as it goes on record."""
        named = {
            "case": " ".join(self.case),
            "actor": self.actor,
            "authority": self.authority,
            "service": self.service,
            "type": self.type,
            "event": self.event,
            "trace": self.trace,
            "since": self.since,
            "until": self.until,
            "looks": None if self.looks else "without",
            "after": None if self.after < 0 else self.after,
        }
        return {name: str(value) for name, value in named.items() if value not in {None, ""}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which entries are asked for; all that is given must hold. ``after`` and ``before`` are indexes.

    ``case``, ``actors`` and ``event`` are keyed.
    """

    case: Sequence[str] = ()
    actors: Sequence[str] = ()
    authority: str | None = None
    service: str | None = None
    type: str | None = None
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    looks: bool = True
    after: int = -1
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as it stands in the log, with its payload while there is one.

    ``sealed`` and ``key`` are None once the payload was erased.
    """

    index: int
    entry: bytes
    sealed: bytes | None
    key: bytes | None


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as an auditor sees it; nothing is disclosed once the payload was erased.

    ``withheld``: the payload tells what a person did, and nobody has agreed that this auditor sees it.
    """

    index: int
    entry: bytes
    leaf: Leaf
    disclosure: Opening | None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class ReadingResult:
    """The entries found, and the index of the leaf that records the look; all stand before index ``before``.

    ``total``: how many answer the question in all, of which these are a page; `COUNTED` and one where there are more.
    """

    look: int
    entries: Sequence[ShownEntry]
    before: int = MAX_SIZE - 1
    total: int = 0

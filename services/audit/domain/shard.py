"""A log ends with its year, and the next one begins with the old one's last word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.audit.domain.completeness import CaseEvent
from services.audit.domain.reading import Found
from shared.events.payload import Payload


class ShardOpened(Payload):
    """The first entry of a log: ``previous`` was closed with ``size`` entries, and ``checkpoint`` is its last note.

    The first entry of the new log holds the old log's last root: trust in the new checkpoint covers the old log.
    """

    previous: str
    size: int
    root: str
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Former:
    """What happened to a case in a log before the one that is closed; ``event`` is its wrapped id, None once erased."""

    index: int
    type: str
    time: datetime
    event: bytes | None


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case of a closed log that is not over: its entries there, and what was carried into that log."""

    pseudonym: str
    entries: Sequence[Found]
    former: Sequence[Former]


@dataclass(frozen=True, slots=True)
class Carried:
    """An open case on its way: both pseudonyms, and its events under the next log's ids, each with its wrapped id."""

    old: str
    new: str
    history: Sequence[tuple[CaseEvent, bytes]]

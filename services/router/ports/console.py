"""What the console needs of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.router.domain.cases.letter import OpenLetter
from services.router.domain.cases.overview import StandingCase
from services.router.domain.cases.process import ProcessReport
from services.router.domain.decision.proposals import Assigned
from shared.case_history.lines import HistoryLine
from shared.events.operation import CloseOrdered, GoOnOrdered, ReplayOrdered, ResumeOrdered, SuspendOrdered
from shared.events.submission import Assignment


class AllCases(Protocol):
    """The console's view of every case; it may lag."""

    @property
    def cases(self) -> Mapping[UUID, StandingCase]:
        """How each stands.

        Raises:
            Unavailable: the view is being built.
        """


class OrderReported(Protocol):
    """What the owning service says about an order."""

    @property
    def outcome(self) -> str:
        """A word of the engine's list."""

    @property
    def detail(self) -> str:
        """A detail, for example the letter that must be replayed first."""


class OpenLetters(Protocol):
    """The dead letters of all groups."""

    def unsettled(self) -> Mapping[str, OpenLetter]:
        """Those that nobody has settled, by name.

        Raises:
            Unavailable: the view is being built.
        """

    async def order(self, order: ReplayOrdered | CloseOrdered | GoOnOrdered) -> OrderReported | None:
        """Give an order; return what became of it, None where no service has said so in time.

        Raises:
            Unavailable: it is not confirmed, and may have arrived all the same.
        """


class Processes(Protocol):
    """Our other processes, as far as this one is told where they are."""

    async def now(self) -> Sequence[ProcessReport]:
        """Return how each does; one that does not answer is ``unreachable``."""


class Suspensions(Protocol):
    """Suspended authorities."""

    async def now(self) -> Mapping[str, datetime]:
        """Return since when each is; raises ``Unavailable``."""

    async def order(self, order: SuspendOrdered | ResumeOrdered) -> None:
        """Give an order; the doors follow it within seconds.

        Raises:
            Unavailable: it is not confirmed, and may have arrived all the same.
        """


class Assignments(Protocol):
    """What people have assigned at the clearing desk in the last months."""

    def assigned(self) -> Sequence[Assigned]:
        """All of it, oldest first.

        Raises:
            Unavailable: the view is being built.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLine:
    """A line of a history; of a person's order also who gave it and why."""

    line: HistoryLine
    order: Assignment | None = None


class ReadHistories(Protocol):
    """The history of a case, read on request."""

    async def of(self, case: UUID, *, received_at: datetime) -> Sequence[ToldLine]:
        """Return it from its receipt on, the oldest first, without the receipt itself.

        Raises:
            Unavailable: it could not be read in time.
        """


class RefusedAnswers(Protocol):
    """Answers without effect, of the last days."""

    def refused(self) -> Sequence[HistoryLine]:
        """All of them, the newest first.

        Raises:
            Unavailable: the view is being built.
        """

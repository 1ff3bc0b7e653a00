"""What is due or late in a case that an authority holds, by the calendar."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from shared.events.clock import PeriodEnded, PeriodEnding, StepOverdue
from shared.events.payload import Payload

DueKind = Literal["confirmation-late", "decision-due", "period-over"]
"""The authority should have confirmed receipt; the decision must be sent by a day; the statutory period has ended."""

_RANK: Final[tuple[DueKind, ...]] = ("confirmation-late", "decision-due", "period-over")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """``on`` is the day by which the decision must be sent (``decision-due``), or since which something is late.

    ``period_ends`` is the end of the period that a ``decision-due`` belongs to.
    """

    kind: DueKind
    on: date
    period_ends: date | None = None


def due_by(told: Payload) -> Due | None:
    """What is due according to an event of the clock; None if the event does not concern the authority."""
    match told:
        case PeriodEnded(period_ended_on=day):
            return Due(kind="period-over", on=day)
        case PeriodEnding(last_safe_dispatch=day, period_ends=ends):
            return Due(kind="decision-due", on=day, period_ends=ends)
        case StepOverdue(step="confirmation" | "fetching", due_on=day):
            return Due(kind="confirmation-late", on=day)
    return None


def graver(known: Due | None, told: Due) -> Due:
    """The more serious of two; of the same kind, the newer one (``told``). A period that ends later is not over."""
    if known is not None and known.kind == "period-over" and told.period_ends is not None:
        return told if told.period_ends > known.on else known
    if known is None or _RANK.index(told.kind) >= _RANK.index(known.kind):
        return told
    return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """An authority's periods: the next one to end, and how many have ended without a decision."""

    case: UUID | None
    decide_by: date | None
    over: int


def periods(cases: Iterable[UUID], due: Callable[[UUID], Due | None]) -> Periods:
    """The periods of the cases that the authority owes an answer."""
    told = [(found.on, case, found.kind) for case in cases if (found := due(case)) is not None]
    ending = [(on, case) for on, case, kind in told if kind == "decision-due"]
    on, case = min(ending, default=(None, None))
    return Periods(case=case, decide_by=on, over=sum(kind == "period-over" for _, _, kind in told))

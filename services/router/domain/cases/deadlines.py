"""What is due or late among the open cases, the most serious first."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.router.domain.cases.due import Due, DueKind
from services.router.domain.cases.overview import StandingCase
from services.router.domain.cases.transitions import OPEN, UNANSWERED

_GRAVEST_FIRST: Final[tuple[DueKind, ...]] = ("period-over", "decision-due", "confirmation-late")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCase:
    """An open case and what the calendar says about it."""

    case: UUID
    held: StandingCase
    due: Due


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """The number of cases by kind, and the most serious of them."""

    counts: Mapping[DueKind, int]
    gravest: Sequence[DueCase]


def deadlines(
    cases: Mapping[UUID, StandingCase], due: Callable[[UUID], Due | None], *, most: int
) -> Deadlines:
    """What is due or late in the open cases; a late confirmation counts only until the authority answers."""
    found = [
        DueCase(case=case, held=held, due=told)
        for case, held in cases.items()
        if (told := due_in(case, held, due)) is not None
    ]
    found.sort(key=lambda each: (_GRAVEST_FIRST.index(each.due.kind), each.due.on, each.case))
    counts = Counter(each.due.kind for each in found)
    return Deadlines(
        counts={kind: counts[kind] for kind in _GRAVEST_FIRST if counts[kind]}, gravest=found[:most]
    )


def due_in(case: UUID, held: StandingCase, due: Callable[[UUID], Due | None]) -> Due | None:
    """What is due or late in this case now, if it is open."""
    told = due(case) if held.standing in OPEN else None
    if told is None or (told.kind == "confirmation-late" and held.standing not in UNANSWERED):
        return None
    return told

"""An overview of all cases for operators, without content and personal data."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.domain.cases.transitions import UNANSWERED
from shared.events.custody import CustodyState
from shared.events.receipt_number import as_written


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCase:
    """What the console keeps of each case."""

    submission_id: UUID
    receipt_number: str
    received_at: datetime
    service: str
    standing: CustodyState
    since: datetime
    authority: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredCases:
    """The cases of one authority that it has not answered yet."""

    authority: str
    cases: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesAtAGlance:
    standings: Mapping[CustodyState, int]
    unanswered: Sequence[UnansweredCases]


def at_a_glance(cases: Iterable[StandingCase], *, most: int) -> CasesAtAGlance:
    """Counts by standing, and at most ``most`` authorities, the one with the oldest unanswered case first."""
    standings: Counter[CustodyState] = Counter()
    waiting: dict[str, list[datetime]] = {}
    for case in cases:
        standings[case.standing] += 1
        if case.standing in UNANSWERED and case.authority is not None:
            waiting.setdefault(case.authority, []).append(case.since)
    unanswered = [
        UnansweredCases(authority=authority, cases=len(since), oldest=min(since))
        for authority, since in waiting.items()
    ]
    unanswered.sort(key=lambda each: (each.oldest, each.authority))
    return CasesAtAGlance(standings=dict(standings), unanswered=unanswered[:most])


def find_standing(cases: Mapping[UUID, StandingCase], reference: str) -> tuple[UUID, StandingCase] | None:
    """The case with this receipt number, submission id or case id, in any spelling."""
    number = as_written(reference)
    for case, held in cases.items():
        if number in {held.receipt_number, str(case), str(held.submission_id)}:
            return case, held
    return None

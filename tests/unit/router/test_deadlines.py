from datetime import date, timedelta
from typing import get_args
from uuid import UUID, uuid4

import pytest

from services.router.domain.cases.deadlines import deadlines
from services.router.domain.cases.due import Due, DueKind
from services.router.domain.cases.overview import StandingCase
from services.router.domain.cases.transitions import OPEN, UNANSWERED
from shared.events.custody import CustodyState
from tests.support.events import RECEIVED_AT


def standing(state: CustodyState) -> StandingCase:
    return StandingCase(
        submission_id=uuid4(),
        receipt_number="AW-2026-0001",
        received_at=RECEIVED_AT,
        service="99050012104000",
        standing=state,
        since=RECEIVED_AT,
        authority="g-06531005",
    )


@pytest.mark.parametrize("state", get_args(CustodyState))
@pytest.mark.parametrize("kind", get_args(DueKind))
def test_only_open_cases_have_deadlines_and_a_confirmation_is_late_only_until_it_came(
    state: CustodyState, kind: DueKind
) -> None:
    case = uuid4()
    found = deadlines({case: standing(state)}, {case: Due(kind=kind, on=date(2026, 4, 1))}.get, most=5)
    expected = state in UNANSWERED if kind == "confirmation-late" else state in OPEN
    assert found.counts == ({kind: 1} if expected else {})


def test_the_gravest_come_first_and_all_are_counted() -> None:
    kinds: tuple[DueKind, ...] = ("confirmation-late", "decision-due", "period-over")
    due: dict[UUID, Due] = {
        uuid4(): Due(kind=kind, on=date(2026, 4, 1) + timedelta(days=days))
        for days in (3, 1, 2)
        for kind in kinds
    }
    found = deadlines(dict.fromkeys(due, standing("routed")), due.get, most=4)
    assert [(each.due.kind, each.due.on.day) for each in found.gravest] == [
        ("period-over", 2),
        ("period-over", 3),
        ("period-over", 4),
        ("decision-due", 2),
    ]
    assert found.counts == dict.fromkeys(kinds, 3)

"""Years pass in minutes: what the router keeps follows from the cases that are open or were closed lately, not from all."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from shared.engine import InputsRead
from shared.events import ids
from shared.events.case import AnswerGiven, AnswerKind, CaseAnswered
from shared.events.topics import CASE_ANSWERED
from tests.support.events import GIESSEN
from tests.support.routing import RouterInMemory, about, submission

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

YEARS: Final = 2
A_DAY: Final = 2
KEPT_AFTER: Final = timedelta(days=33)
"""As long as a case that is over can stay in custody."""

_OPEN_FOR_EVER: Final = 40
"""One case of so many is never decided."""

UNREAD: Final = InputsRead(until=None, blocked=lambda _: False)


@dataclass
class Office:
    """An authority that confirms each case on the next day and decides it weeks later."""

    router: RouterInMemory
    chance: random.Random = field(default_factory=lambda: random.Random(8))
    due: dict[UUID, datetime] = field(default_factory=dict)
    open: set[UUID] = field(default_factory=set)
    closed: dict[UUID, datetime] = field(default_factory=dict)
    handed_in: int = 0

    def day(self) -> None:
        for _ in range(A_DAY):
            self.handed_in += 1
            case = submission(f"antrag-{self.handed_in}")
            self.router.take(case)
            self.open.add(case.submission_id)
            if self.handed_in % _OPEN_FOR_EVER:
                self.due[case.submission_id] = self.router.now + timedelta(days=self.chance.randint(2, 60))
                self.answer(case.submission_id, "accepted")
        for case_id in [case_id for case_id, at in self.due.items() if at <= self.router.now]:
            del self.due[case_id]
            self.answer(case_id, "decided")
            self.open.discard(case_id)
            self.closed[case_id] = self.router.now
        self.router.now += timedelta(days=1)
        kept = self.router.state.kept
        self.router.keep(self.router.routing().punctuate([*kept], self.router.state, UNREAD))

    def answer(self, case: UUID, kind: AnswerKind) -> None:
        given = AnswerGiven(
            kind=kind, outcome="granted" if kind == "decided" else None, given_at=self.router.now
        )
        own_id = f"{case}-{kind}"
        data = CaseAnswered(authority=GIESSEN, own_id=own_id, answer=given)
        self.router.take(about(case, data, event_id=ids.answer_id(GIESSEN, own_id)), CASE_ANSWERED.name)


def test_what_is_kept_depends_on_open_and_lately_closed_cases_only(tmp_path: Path) -> None:
    office = Office(RouterInMemory(tmp_path))
    router, most = office.router, list[int]()
    for _ in range(YEARS):
        of_year = 0
        for _ in range(365):
            office.day()
            router.out.clear()
            lately = {case for case, at in office.closed.items() if router.now - at <= KEPT_AFTER}
            expected = len(office.open) + len(lately)
            assert len(router.state.kept) <= expected
            assert len(router.state.shelf) <= len(office.open)
            assert len(router.state.kept) >= len(office.open)
            of_year = max(of_year, len(router.state.kept) - len(office.open))
        most.append(of_year)
    assert office.handed_in == YEARS * 365 * A_DAY
    assert max(most) <= 1.3 * most[0]
    assert len(router.state.kept) < office.handed_in / 5

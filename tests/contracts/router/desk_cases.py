"""What every view of the clearing desk shows, the fake and the one that follows custody on Kafka."""

import asyncio
from datetime import date
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from services.router.ports import DeskCases
from shared.events.custody import CaseHeld, PeriodOver
from tests.support.events import GIESSEN, PARKED, RECEIPT, RECEIVED_AT

WAITING = CaseHeld(
    submission_id=uuid4(),
    receipt=RECEIPT,
    standing="parked",
    since=RECEIVED_AT,
    reason="ambiguous-place",
    decision=PARKED,
)
ROUTED = WAITING.model_copy(update={"standing": "routed", "authority": GIESSEN, "reason": None})
ASSIGNED = ROUTED.model_copy(update={"placed_by": uuid4()})


class Put(Protocol):
    async def __call__(self, case: UUID, held: CaseHeld | None) -> None:
        """Commit this custody, or the case's tombstone."""


class DeskCasesContract:
    @pytest.fixture
    def cases(self) -> DeskCases:
        raise NotImplementedError

    @pytest.fixture
    def put(self, cases: DeskCases) -> Put:
        raise NotImplementedError

    async def test_what_is_committed_is_seen_at_once(self, cases: DeskCases, put: Put) -> None:
        case = uuid4()
        await put(case, WAITING)
        assert (await cases.now())[case] == WAITING

    async def test_a_case_that_the_directory_routes_is_known_until_its_authority_says_a_word(
        self, cases: DeskCases, put: Put
    ) -> None:
        case = uuid4()
        await put(case, WAITING)
        await put(case, ROUTED)
        assert (await cases.now())[case] == ROUTED
        await put(case, ROUTED.model_copy(update={"standing": "accepted"}))
        assert case not in await cases.now()

    async def test_a_case_whose_silence_is_doubted_is_known(self, cases: DeskCases, put: Put) -> None:
        over = PeriodOver(
            authority=GIESSEN,
            profile="three-months-deemed-approval",
            ended_on=date(2026, 4, 15),
            fiction_from=date(2026, 4, 16),
            deemed="approval",
            certain=False,
            grace_until=date(2026, 4, 16),
            doubt="not-every-case-covered",
        )
        accepted, case = ROUTED.model_copy(update={"standing": "accepted"}), uuid4()
        await put(case, accepted.model_copy(update={"period": over.model_copy(update={"doubt": None})}))
        assert case not in await cases.now()
        await put(case, doubted := accepted.model_copy(update={"period": over}))
        assert (await cases.now())[case] == doubted

    async def test_a_case_that_a_person_placed_is_remembered_until_its_custody_ends(
        self, cases: DeskCases, put: Put
    ) -> None:
        case = uuid4()
        await put(case, ASSIGNED)
        await put(case, decided := ASSIGNED.model_copy(update={"standing": "decided"}))
        assert (await cases.now())[case] == decided
        await put(case, None)
        assert case not in await cases.now()

    async def test_who_waits_for_a_change_is_told(self, cases: DeskCases, put: Put) -> None:
        case = uuid4()
        await put(case, WAITING)
        waiting = asyncio.ensure_future(cases.until(lambda seen: (held := seen.get(case)) and held.authority))
        await put(case, ASSIGNED)
        assert await asyncio.wait_for(waiting, 10) == GIESSEN

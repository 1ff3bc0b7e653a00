"""A case that has come back: an answer of the first time is known again, and never taken in silence for one of now."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from services.router.domain.cases.custody import Holding
from services.router.domain.cases.placed_again import REMEMBERED, PlacedAgain
from shared.events import ids
from tests.component.router.test_answers import CASE, MARBURG, accepted, problem_of
from tests.support.doors import DoorsInMemory, connected
from tests.support.events import GIESSEN, RECEIVED_AT, SUBMISSION_ID

pytestmark = pytest.mark.slow

ORDER = ids.child_id(CASE, "order/1")


def here_again(applied: tuple[UUID, ...]) -> Holding:
    again = PlacedAgain(by=ORDER, at=RECEIVED_AT + timedelta(hours=1), applied=applied)
    return Holding(submission_id=SUBMISSION_ID, standing="routed", authority=GIESSEN, again=again)


@pytest.fixture
def doors() -> DoorsInMemory:
    doors = DoorsInMemory()
    doors.hold(CASE)
    return doors


@pytest.fixture
async def http(doors: DoorsInMemory) -> AsyncIterator[httpx.AsyncClient]:
    async with connected(doors) as client:
        yield client


async def test_an_id_from_before_the_case_came_back_is_refused_and_a_new_one_is_taken(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    first = await http.post("/v1/answers", json=accepted())
    elsewhere = Holding(submission_id=SUBMISSION_ID, standing="routed", authority=MARBURG)
    doors.custody.seen[CASE] = elsewhere
    still_known = await http.post("/v1/answers", json=accepted())
    doors.custody.written[CASE] = here_again((ids.answer_id(GIESSEN, "0117/1"), ORDER))
    in_a_view_that_lags = await http.post("/v1/answers", json=accepted())
    doors.custody.seen |= doors.custody.written
    in_the_view = await http.post("/v1/answers", json=accepted())

    assert still_known.json() == first.json()
    for refused in (in_a_view_that_lags, in_the_view):
        assert problem_of(refused) == (409, "answer-outdated")
        assert "ce_id" in refused.json()["resolution"]
    assert len(doors.sent) == 1
    assert (await http.post("/v1/answers", json=accepted(id="0117/2"))).status_code == 202
    assert len(doors.sent) == 2


async def test_an_id_from_before_is_refused_also_when_custody_has_dropped_it(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    await http.post("/v1/answers", json=accepted())
    doors.now = RECEIVED_AT + timedelta(hours=2)
    since = tuple(ids.answer_id(GIESSEN, f"since/{number}") for number in range(REMEMBERED))
    doors.custody.seen[CASE] = here_again(since)
    doors.custody.written |= doors.custody.seen
    assert problem_of(await http.post("/v1/answers", json=accepted())) == (409, "answer-outdated")

    answers = [await http.post("/v1/answers", json=accepted(id="0117/2")) for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 202]

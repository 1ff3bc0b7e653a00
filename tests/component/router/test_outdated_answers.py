"""A case that has come back: an answer of the first time is known again, and never taken in silence for one of now."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from services.router.domain.cases.custody import Holding, before_placement
from shared.events import ids
from tests.component.router.test_answers import CASE, MARBURG, accepted, problem_of
from tests.support.doors import DoorsInMemory, connected
from tests.support.events import GIESSEN, SUBMISSION_ID

pytestmark = pytest.mark.slow


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
    doors.custody.written[CASE] = Holding(
        submission_id=SUBMISSION_ID,
        standing="routed",
        authority=GIESSEN,
        outdated=(ids.answer_id(GIESSEN, "0117/1"),),
    )
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


def test_what_was_acted_on_before_the_last_placement_is_outdated_and_nothing_else() -> None:
    first, handed_on, placed, now = (UUID(int=number) for number in range(4))
    assert before_placement((first, handed_on, placed, now), placed) == (first, handed_on)
    assert before_placement((now,), placed) == ()  # too many ids since: the oldest are forgotten
    assert before_placement((first, now), None) == ()

"""A case that came to its holder again: answers of the time before are known for good, also when their ids are dropped."""

from datetime import timedelta

import pytest

from services.router.domain.cases import custody as c
from services.router.domain.cases.placed_again import REMEMBERED, PlacedAgain
from shared.events import ids
from shared.events.custody import CaseHeld
from tests.support.events import CASE_ID, GIESSEN, RECEIPT, RECEIVED_AT, SUBMISSION_ID

BEFORE, PLACED = RECEIVED_AT, RECEIVED_AT + timedelta(hours=1)
AFTER = PLACED + timedelta(minutes=1)
EARLIER, ORDER = ids.answer_id(GIESSEN, "earlier"), ids.child_id(CASE_ID, "order/1")
SINCE = [ids.answer_id(GIESSEN, f"since/{number}") for number in range(REMEMBERED + 3)]
FIRST_SINCE = SINCE[0]


def placed_again(applied: int) -> PlacedAgain:
    """As custody has it when so many ids were applied: an answer, the order that placed the case, answers since."""
    held = CaseHeld(submission_id=SUBMISSION_ID, receipt=RECEIPT, standing="routed", since=BEFORE)
    for each in (EARLIER, ORDER, *SINCE)[:applied]:
        held = c.applying(held, each, now=AFTER)
    return PlacedAgain(by=ORDER, at=PLACED, applied=held.applied)


@pytest.mark.parametrize("applied", [3, 63, 64, 65, 66, 67])
def test_an_answer_of_the_time_before_is_outdated_however_many_ids_came_since(applied: int) -> None:
    again = placed_again(applied)
    assert (EARLIER in again.applied) == (applied <= REMEMBERED)
    assert again.outdates(EARLIER, accepted_at=BEFORE)
    assert not again.outdates(FIRST_SINCE, accepted_at=AFTER)


@pytest.mark.parametrize("applied", [3, 63, 64, 65, 66])
def test_an_id_that_is_known_since_then_counts_more_than_two_clocks(applied: int) -> None:
    again = placed_again(applied)
    assert not again.outdates(FIRST_SINCE, accepted_at=BEFORE)


@pytest.mark.parametrize("applied", [3, 63])
def test_where_nothing_was_dropped_an_unknown_id_still_waits_for_the_router(applied: int) -> None:
    assert not placed_again(applied).outdates(ids.answer_id(GIESSEN, "under way"), accepted_at=BEFORE)

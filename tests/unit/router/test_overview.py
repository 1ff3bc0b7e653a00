"""How all cases stand at a glance, and one of them by any of its numbers."""

from datetime import timedelta
from uuid import UUID, uuid5

from services.router.domain.cases.overview import StandingCase, at_a_glance, find_standing
from shared.events.custody import CustodyState
from tests.support.events import CASE_ID, GIESSEN, RECEIVED_AT, SUBMISSION_ID, TRADE_REGISTRATION

MARBURG = "g-06534014"


def _case(
    number: int, *, standing: CustodyState = "routed", authority: str | None = GIESSEN
) -> tuple[UUID, StandingCase]:
    return uuid5(CASE_ID, str(number)), StandingCase(
        submission_id=uuid5(SUBMISSION_ID, str(number)),
        receipt_number=f"AW-{number}",
        received_at=RECEIVED_AT,
        service=TRADE_REGISTRATION,
        standing=standing,
        since=RECEIVED_AT + timedelta(hours=number),
        authority=authority,
    )


def test_cases_are_counted_by_standing_and_unanswered_ones_by_their_authority_the_oldest_first() -> None:
    cases = [_case(3), _case(1), _case(2, authority=MARBURG), _case(4, standing="accepted")]
    cases += [_case(0, standing="parked", authority=None)]
    glance = at_a_glance((held for _, held in cases), most=10)
    assert glance.standings == {"routed": 3, "accepted": 1, "parked": 1}
    assert [(each.authority, each.cases) for each in glance.unanswered] == [(GIESSEN, 2), (MARBURG, 1)]
    assert glance.unanswered[0].oldest == RECEIVED_AT + timedelta(hours=1)


def test_so_many_authorities_are_named_and_no_more() -> None:
    cases = [_case(1), _case(2, authority=MARBURG)]
    assert len(at_a_glance((held for _, held in cases), most=1).unanswered) == 1


def test_a_case_is_found_by_each_of_its_numbers_and_by_no_other() -> None:
    cases = dict([_case(1), _case(2)])
    for case, held in cases.items():
        for number in (held.receipt_number, str(case), str(held.submission_id)):
            assert find_standing(cases, number) == (case, held)
    assert find_standing(cases, "AW-3") is None

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.adapters.directory_files import load
from services.router.domain.directory.model import Area
from shared.events.competence import Attributes, CompetenceDecision, Inquiry, Place, Reason
from tests.support.routing import HESSEN, hessen, resolve

pytestmark = pytest.mark.slow

AREAS = st.sampled_from(sorted(hessen().areas.values(), key=lambda area: area.ags))
SHORTENED = st.sampled_from([2, 3, 5, 9, 12])
SERVICES = st.one_of(
    st.sampled_from(sorted(hessen().competences)),
    st.from_regex(r"\A[0-9]{14}\Z"),
    st.sampled_from(sorted(hessen().services)),
)
PLACES = st.one_of(
    st.none(),
    st.builds(lambda area, digits: Place(ars=area.ars[:digits]), AREAS, SHORTENED),
    st.builds(lambda area: Place(ags=area.ags), AREAS),
    st.builds(lambda code: Place(plz=code), st.sampled_from(sorted(hessen().postcodes))),
    st.builds(
        lambda code, area: Place(plz=code, town=area.name), st.sampled_from(sorted(hessen().postcodes)), AREAS
    ),
    st.builds(
        lambda code, town: Place(plz=code, town=town),
        st.from_regex(r"\A[0-9]{5}\Z"),
        st.from_regex(r"\A[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f\u2028\u2029]{0,99}\Z"),
    ),
    st.builds(lambda key: Place(ags=key), st.from_regex(r"\A[0-9]{8}\Z")),
    st.builds(lambda key, digits: Place(ars=key[:digits]), st.from_regex(r"\A[0-9]{12}\Z"), SHORTENED),
)
DAYS = st.dates(date(1990, 1, 1), date(2040, 1, 1))
CHOICES = st.one_of(
    st.none(), st.sampled_from(sorted(hessen().authorities)), st.text(min_size=1, max_size=64)
)
ATTRIBUTES = st.one_of(st.none(), st.builds(Attributes))
INQUIRIES = st.builds(Inquiry, service=SERVICES, place=PLACES, on=DAYS, choice=CHOICES, attributes=ATTRIBUTES)


@settings(deadline=None)
@given(INQUIRIES)
def test_every_inquiry_is_either_routed_or_parked_with_a_reason(inquiry: Inquiry) -> None:
    decision = resolve(inquiry, directory=hessen())
    assert (decision.outcome == "routed") == (decision.authority is not None) == (decision.reason is None)


@settings(deadline=None)
@given(INQUIRIES)
def test_every_named_authority_exists_on_that_day(inquiry: Inquiry) -> None:
    decision = resolve(inquiry, directory=hessen())
    named = {decision.authority, *decision.on_behalf_of, *decision.received_by} - {None}
    named |= {candidate.authority for candidate in decision.candidates}
    assert all(inquiry.on in hessen().authorities[str(authority)].days for authority in named)


@settings(deadline=None)
@given(INQUIRIES)
def test_the_winner_is_not_among_those_who_lost(inquiry: Inquiry) -> None:
    decision = resolve(inquiry, directory=hessen())
    assert decision.authority not in {candidate.authority for candidate in decision.candidates}


@settings(max_examples=5, deadline=None)
@given(st.lists(INQUIRIES, min_size=1, max_size=20))
def test_answers_depend_neither_on_order_nor_on_what_was_asked_before(inquiries: list[Inquiry]) -> None:
    fresh = load(HESSEN)
    backwards = [resolve(inquiry, directory=fresh) for inquiry in reversed(inquiries)]
    assert [resolve(inquiry, directory=hessen()) for inquiry in inquiries] == backwards[::-1]


@settings(deadline=None)
@given(INQUIRIES)
def test_only_boundary_days_change_answers(inquiry: Inquiry) -> None:
    day_before = inquiry.model_copy(update={"on": inquiry.on - timedelta(days=1)})
    if inquiry.on not in hessen().boundaries:
        today, yesterday = (resolve(each, directory=hessen()) for each in (inquiry, day_before))
        assert today.model_copy(update={"inquiry": day_before}) == yesterday


@settings(deadline=None)
@given(INQUIRIES)
def test_a_decision_survives_the_wire(inquiry: Inquiry) -> None:
    decision = resolve(inquiry, directory=hessen())
    assert CompetenceDecision.model_validate_json(decision.model_dump_json(by_alias=True)) == decision


@settings(deadline=None)
@given(SERVICES, AREAS, DAYS)
def test_all_full_keys_of_an_area_give_the_same_answer(service: str, area: Area, on: date) -> None:
    keys = (Place(ags=area.ags), Place(ars=area.ars), Place(ars=area.ars[:9]))
    answers = {
        resolve(Inquiry(service=service, place=key, on=on), directory=hessen()).authority for key in keys
    }
    assert len(answers) == 1


@settings(deadline=None)
@given(st.sampled_from(sorted(hessen().competences)), AREAS, SHORTENED, DAYS)
def test_a_key_decides_if_and_only_if_everything_below_it_leads_to_the_same(
    service: str, area: Area, digits: int, on: date
) -> None:
    whole = resolve(Inquiry(service=service, place=Place(ars=area.ars[:digits]), on=on), directory=hessen())
    parts = [
        resolve(Inquiry(service=service, place=Place(ags=ags), on=on), directory=hessen())
        for ags in whole.areas
    ]
    answers = {(part.authority, part.reason) for part in parts}
    if len(answers) == 1:
        assert {(whole.authority, whole.reason)} == answers
    elif answers:
        assert whole.reason is Reason.AMBIGUOUS_PLACE


@settings(deadline=None)
@given(st.sampled_from(sorted(hessen().competences)), AREAS, DAYS)
def test_a_town_at_its_postcode_is_answered_like_its_key(service: str, area: Area, on: date) -> None:
    postcode = next(
        (code for code, pairs in hessen().postcodes.items() if area.ags in {p.ags for p in pairs}), None
    )
    if postcode is None or on not in area.days:
        return
    by_town = Inquiry(service=service, place=Place(plz=postcode, town=area.name), on=on)
    by_key = Inquiry(service=service, place=Place(ags=area.ags), on=on)
    answers = [resolve(inquiry, directory=hessen()) for inquiry in (by_town, by_key)]
    assert (answers[0].authority, answers[0].reason) == (answers[1].authority, answers[1].reason)

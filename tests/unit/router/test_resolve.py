import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from services.router.domain.decision.inquiry import read_inquiry
from shared.events.competence import (
    Attributes,
    Candidate,
    CompetenceDecision,
    Inquiry,
    Place,
    Reason,
    Road,
    Why,
)
from tests.support.directories import (
    BOAT,
    BUILDING,
    CITIZENSHIP,
    DEMOLITION,
    GOLDEN,
    GUARD_EXAM,
    TRADE,
    WEAPONS,
    ask,
    built,
    hessen_changed,
    hessen_without,
    moorings,
)
from tests.support.routing import hessen, resolve

VEHICLES = "99036008007000"
"""Nobody has checked who registers vehicles in cities of special status."""


def truths() -> Iterator[Any]:
    for line in (GOLDEN / "resolve.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        yield pytest.param(case, id=f"{case['id']} {case['source']}")


@pytest.mark.parametrize("case", list(truths()))
def test_the_decision_is_what_law_and_official_keys_say(case: dict[str, Any]) -> None:
    decision = resolve(read_inquiry(case, today=date(2026, 11, 1)), directory=hessen())
    expected = case["expected"]
    assert (decision.authority, decision.reason) == (expected.get("authority"), expected.get("reason"))
    if "candidates" in expected:
        assert sorted(candidate.authority for candidate in decision.candidates) == expected["candidates"]


def test_a_district_that_lost_to_its_city_says_why() -> None:
    decision = ask(hessen(), BUILDING, Place(ags="06531005"))
    assert decision.candidates == (Candidate(authority="k-06531", why=Why.MUNICIPALITY_DECIDES),)


def test_the_decision_names_rule_areas_inquiry_and_directory_version() -> None:
    decision = ask(hessen(), TRADE, Place(ags="06435014"), on="2026-01-01")
    assert decision.rule == f"{TRADE}-1"
    assert decision.areas == ("06415000",)
    assert decision.inquiry.place == Place(ags="06435014")
    assert decision.directory_version == hessen().version


def test_verified_competence_is_distinguished_from_unverified() -> None:
    assert ask(hessen(), TRADE, Place(ags="06531005")).verified
    assert not ask(hessen(), VEHICLES, Place(ags="06531005")).verified


def test_an_installation_may_park_what_is_unverified() -> None:
    inquiry = Inquiry(service=VEHICLES, place=Place(ags="06531005"), on=date(2026, 3, 1))
    decision = resolve(inquiry, directory=hessen(), unverified="park")
    assert decision.reason is Reason.AMBIGUOUS_COMPETENCE
    assert decision.candidates == (Candidate(authority="k-06531", why=Why.UNVERIFIED),)


def test_parking_the_unverified_leaves_the_verified_alone() -> None:
    inquiry = Inquiry(service=TRADE, place=Place(ags="06531005"), on=date(2026, 3, 1))
    assert resolve(inquiry, directory=hessen(), unverified="park").authority == "g-06531005"


def test_the_answer_is_the_deciding_authority_and_names_the_receiving_one() -> None:
    decision = ask(hessen(), CITIZENSHIP, Place(ags="06633001"))
    assert (decision.authority, decision.received_by) == ("rp-066", ("g-06633001",))


def test_a_small_municipality_leaves_receiving_to_its_district() -> None:
    assert ask(hessen(), CITIZENSHIP, Place(ags="06633030")).received_by == ("k-06633",)


def test_a_town_that_decides_names_who_lost_for_it() -> None:
    decision = ask(hessen(), TRADE, Place(plz="34127", town="Kassel"))
    assert decision.candidates == (Candidate(authority="g-06633009", why=Why.OTHER_TOWN),)


def test_a_service_that_ended_names_the_one_to_use_instead() -> None:
    assert ask(hessen(), "99025002005000").use_instead == "99025002169000"


def test_a_service_that_ended_without_another_names_none() -> None:
    assert ask(hessen(), DEMOLITION, on="2025-10-14").use_instead is None


def test_the_chosen_authority_is_told_who_was_not_chosen() -> None:
    decision = ask(hessen(), GUARD_EXAM, choice="ihk-fulda")
    assert {candidate.why for candidate in decision.candidates} == {Why.NOT_CHOSEN}
    assert len(decision.candidates) == 9


def test_a_free_choice_does_not_depend_on_where_the_applicant_lives() -> None:
    assert ask(hessen(), GUARD_EXAM, Place(ars="09162"), choice="ihk-fulda").authority == "ihk-fulda"


def test_a_postcode_that_reaches_beyond_says_so() -> None:
    assert ask(hessen(), TRADE, Place(plz="65391")).reaches_beyond


def test_a_postcode_decides_by_area_even_when_it_means_several() -> None:
    assert ask(hessen(), WEAPONS, Place(plz="36251")).areas == ("06632002", "06632012")


def test_without_a_figure_nobody_is_guessed() -> None:
    directory = built(hessen_without("populations", "06437002,"))
    decision = ask(directory, "99084012001000", Place(ags="06437002"), on="2017-12-31")
    assert decision.reason is Reason.AMBIGUOUS_COMPETENCE
    assert {candidate.why for candidate in decision.candidates} == {Why.UNSETTLED}


def test_a_population_at_the_threshold_is_not_above_it() -> None:
    directory = built(
        hessen_changed("populations", "06635001,2023-01-01,,7518,", "06635001,2023-01-01,,7500,")
    )
    assert ask(directory, "99084012001000", Place(ags="06635001")).authority == "k-06635"


def test_one_more_than_the_threshold_is_above_it() -> None:
    directory = built(
        hessen_changed("populations", "06635001,2023-01-01,,7518,", "06635001,2023-01-01,,7501,")
    )
    assert ask(directory, "99084012001000", Place(ags="06635001")).authority == "g-06635001"


PARKING = "99108001001000"


@pytest.mark.parametrize(
    ("road", "ags", "authority"),
    [
        ("municipal", "06633030", "g-06633030"),
        ("district", "06633030", "g-06633030"),
        ("land", "06633030", "k-06633"),
        ("land", "06633009", "g-06633009"),
        ("federal", "06633009", "k-06633"),
        ("federal", "06531005", "g-06531005"),
        ("federal", "06611000", "g-06611000"),
        (None, "06633030", "g-06633030"),
    ],
)
def test_who_is_competent_for_parking_depends_on_the_class_of_the_road(
    road: str | None, ags: str, authority: str
) -> None:
    fields = {"service": PARKING, "ags": ags, "on": "2026-03-01", "road": road}
    inquiry = read_inquiry(fields, today=date(2026, 3, 1))
    assert resolve(inquiry, directory=hessen()).authority == authority


def test_an_answer_for_the_usual_case_names_the_attribute_that_may_change_it() -> None:
    assert ask(hessen(), PARKING, Place(ags="06633030")).depends_on == "road"
    assert ask(hessen(), TRADE, Place(ags="06633030")).depends_on is None


def on_a_road(road: Road, *, service: str = PARKING, ags: str = "06633030") -> Inquiry:
    attributes = Attributes(road=road)
    return Inquiry(service=service, place=Place(ags=ags), on=date(2029, 1, 1), attributes=attributes)


def test_an_attribute_that_is_stated_leaves_nothing_open() -> None:
    assert resolve(on_a_road("federal"), directory=hessen()).depends_on is None


def test_without_a_usual_case_an_attribute_left_open_is_parked_with_all_who_may_decide() -> None:
    decision = ask(moorings(), BOAT, Place(ags="01051001"), on="2029-01-01")
    assert (decision.reason, decision.depends_on, decision.rule) == ("ambiguous-competence", "road", None)
    assert decision.candidates == (
        Candidate(authority="g-01051001", why=Why.OTHER_CASE),
        Candidate(authority="k-01051", why=Why.OTHER_CASE),
    )


def test_a_case_that_no_row_speaks_of_is_parked() -> None:
    decision = resolve(on_a_road("federal", service=BOAT, ags="01051001"), directory=moorings())
    assert (decision.reason, decision.depends_on) == ("ambiguous-competence", None)


def test_where_all_cases_lead_to_the_same_authority_the_attribute_may_be_left_open() -> None:
    decision = ask(moorings(), BOAT, Place(ags="01001000"), on="2029-01-01")
    assert (decision.authority, decision.verified) == ("g-01001000", False)


def test_a_place_that_is_not_found_is_so_in_every_case() -> None:
    assert ask(moorings(), BOAT, Place(ags="01999999"), on="2029-01-01").reason is Reason.UNKNOWN_PLACE


def test_an_attribute_that_nothing_depends_on_changes_nothing() -> None:
    inquiry = on_a_road("land", service=TRADE, ags="06531005")
    assert resolve(inquiry, directory=hessen()).authority == "g-06531005"


def test_a_decision_survives_the_wire() -> None:
    decision = ask(hessen(), BUILDING, Place(plz="35390", town="Gießen"))
    assert CompetenceDecision.model_validate_json(decision.model_dump_json(by_alias=True)) == decision

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from services.router.domain.inquiry import read_inquiry
from services.router.domain.resolve import resolve
from shared.events.competence import Candidate, CompetenceDecision, Inquiry, Place, Reason, Why
from tests.support.directories import (
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
)
from tests.support.routing import hessen


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


def test_verified_competence_is_told_apart_from_unverified() -> None:
    assert ask(hessen(), TRADE, Place(ags="06531005")).verified
    assert not ask(hessen(), WEAPONS, Place(ags="06531005")).verified


def test_an_installation_may_park_what_is_unverified() -> None:
    inquiry = Inquiry(service=WEAPONS, place=Place(ags="06531005"), on=date(2026, 3, 1))
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


def test_a_decision_survives_the_wire() -> None:
    decision = ask(hessen(), BUILDING, Place(plz="35390", town="Gießen"))
    assert CompetenceDecision.model_validate_json(decision.model_dump_json(by_alias=True)) == decision

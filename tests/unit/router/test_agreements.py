import pytest

from services.router.domain.directory.tables import BrokenDirectory
from shared.events.competence import Place, Why
from tests.support.directories import (
    DOGS,
    TRADE,
    WEAPONS,
    ask,
    authorities,
    built,
    hessen_with,
    with_agreements,
)

pytestmark = pytest.mark.slow

AHNATAL = Place(ags="06633001")
ESPENAU = Place(ags="06633007")
MARBURG = Place(ags="06534014")
LIMBURG = Place(ags="06533009")


def line(
    acting: str, principal: str, *, services: str = "", days: str = ",", kind: str = "cooperation"
) -> str:
    return f"{acting}-{principal}-{services},{kind},{acting},{principal},{services},,{days},erfunden,yes"


def test_one_city_works_for_another_on_the_named_service() -> None:
    decision = ask(with_agreements("five-cities"), DOGS, MARBURG)
    assert (decision.authority, decision.on_behalf_of) == ("g-06532023", ("g-06534014",))
    assert decision.agreements == ("hund-wetzlar-marburg",)


def test_a_principal_that_another_acts_for_is_named_among_the_candidates() -> None:
    decision = ask(with_agreements("five-cities"), DOGS, MARBURG)
    assert [(c.authority, c.why) for c in decision.candidates] == [("g-06534014", Why.ANOTHER_WORKS_FOR_IT)]


def test_an_agreement_says_nothing_about_other_services() -> None:
    assert ask(with_agreements("five-cities"), TRADE, MARBURG).authority == "g-06534014"


def test_two_agreements_of_one_city_go_to_two_others() -> None:
    assert ask(with_agreements("five-cities"), "99108001001000", MARBURG).authority == "g-06531005"


@pytest.mark.parametrize(
    ("on", "authority"),
    [
        ("2021-06-30", "g-06533009"),
        ("2021-07-01", "g-06532023"),
        ("2024-12-31", "g-06532023"),
        ("2025-01-01", "g-06533009"),
    ],
)
def test_an_agreement_holds_from_its_first_to_its_last_day(on: str, authority: str) -> None:
    assert ask(with_agreements("five-cities"), DOGS, LIMBURG, on=on).authority == authority


@pytest.mark.parametrize(
    ("on", "authority"),
    [
        ("2023-07-23", "g-06633001"),
        ("2023-07-24", "g-06633007"),
        ("2023-08-11", "g-06633007"),
        ("2023-08-12", "g-06633001"),
    ],
)
def test_a_deputy_stands_in_while_the_other_is_away(on: str, authority: str) -> None:
    assert ask(with_agreements("four-municipalities"), DOGS, AHNATAL, on=on).authority == authority


def test_who_has_given_a_task_away_needs_no_deputy_for_it() -> None:
    assert (
        ask(with_agreements("four-municipalities"), TRADE, AHNATAL, on="2023-08-01").authority == "g-06633009"
    )


def test_a_deputy_also_does_what_the_absent_one_does_for_others() -> None:
    decision = ask(with_agreements("four-municipalities"), TRADE, ESPENAU, on="2023-11-06")
    assert (decision.authority, decision.on_behalf_of) == ("g-06633014", ("g-06633007", "g-06633009"))


def test_an_agreement_of_municipalities_leaves_the_district_alone() -> None:
    assert (
        ask(with_agreements("four-municipalities"), WEAPONS, AHNATAL, on="2023-08-01").authority == "k-06633"
    )


def test_a_key_decides_when_all_work_through_the_same_authority() -> None:
    assert (
        ask(with_agreements("five-cities"), "99050035001000", Place(ars="06531")).authority == "ihk-limburg"
    )


def test_an_agreement_for_one_area_leaves_the_rest_of_the_district() -> None:
    directory = built(hessen_with("agreements", "x,cooperation,g-06531005,k-06531,,06531005,,,erfunden,yes"))
    assert ask(directory, WEAPONS, Place(ags="06531005")).authority == "g-06531005"
    assert ask(directory, WEAPONS, Place(ags="06531012")).authority == "k-06531"
    assert set(authorities(ask(directory, WEAPONS, Place(ars="06531")))) == {"g-06531005", "k-06531"}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((line("g-06531005", "g-06531005"),), "cannot work for itself"),
        ((line("g-06531005", "g-99999999"),), "g-99999999 is unknown"),
        ((line("g-06531005", "g-06532023", services="99000000000000"),), "service 99000000000000 is unknown"),
        ((line("g-06531005", "g-06532023", days="2024-01-01,2023-01-01"),), "valid_to lies before valid_from"),
        ((line("g-06531005", "g-06435014"),), "a gap: g-06435014 exists"),
        ((line("g-06415000", "g-06531005", days="2025-12-31,"),), "a gap: g-06415000 exists"),
        ((line("g-06531005", "g-06532023"), line("g-06631009", "g-06532023", days="2030-01-01,")), "overlaps with"),
        (
            (line("g-06531005", "g-06532023"), line("g-06631009", "g-06531005"), line("g-06532023", "g-06631009")),
            "closes a circle back to g-06631009",
        ),
        (
            (line("g-06531005", "g-06532023", services=TRADE), line("g-06532023", "g-06531005", kind="deputy")),
            "closes a circle back to g-06531005",
        ),
    ],
)  # fmt: skip
def test_an_agreement_that_cannot_be_kept_is_refused(lines: tuple[str, ...], problem: str) -> None:
    with pytest.raises(BrokenDirectory, match=problem):
        built(hessen_with("agreements", *lines))


@pytest.mark.parametrize(
    "lines",
    [
        (line("g-06531005", "g-06532023", services=TRADE), line("g-06532023", "g-06531005", services=DOGS)),
        (
            line("g-06531005", "g-06532023", days=",2023-12-31"),
            line("g-06532023", "g-06531005", days="2024-01-01,"),
        ),
        (line("g-06531005", "g-06532023", services=TRADE), line("g-06631009", "g-06532023", services=DOGS)),
    ],
)
def test_agreements_that_never_meet_stand_side_by_side(lines: tuple[str, ...]) -> None:
    assert len(built(hessen_with("agreements", *lines)).agreements) == 6 + len(lines)

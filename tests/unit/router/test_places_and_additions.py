"""What people write beside a name: near which place it lies, its title, its district, a slip of the pen."""

from datetime import date
from itertools import islice, permutations

import pytest

from services.router.domain.decision.gazetteer import gazetteer
from services.router.domain.decision.names_beyond import is_beyond, land_words
from services.router.domain.decision.place_names import spellings, tokens
from shared.events.competence import CompetenceDecision, Inquiry, Place, Reason
from tests.support.directories import TRADE
from tests.support.routing import hessen, resolve

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 1)


def asked(postcode: str, town: str) -> CompetenceDecision:
    place = Place(plz=postcode, town=town)
    return resolve(Inquiry(service=TRADE, place=place, on=DAY), directory=hessen())


def candidates(postcode: str, town: str) -> list[str]:
    decision = asked(postcode, town)
    assert decision.authority is None
    return [candidate.authority for candidate in decision.candidates]


@pytest.mark.parametrize("near", ["{} bei {}", "{} b. {}", "{} (bei {})", "{}, bei {}"])
def test_two_municipalities_of_one_postcode_are_parked_with_bei_between_them_too(near: str) -> None:
    for postcode, pairs in islice(hessen().postcodes.items(), 0, None, 7):
        areas = [hessen().areas[pair.ags] for pair in pairs]
        for one, other in permutations([area for area in areas if area.administration], 2):
            assert asked(postcode, near.format(one.name, other.name)).authority is None


@pytest.mark.parametrize(
    ("postcode", "town", "authority"),
    [
        ("34246", "Vellmar bei Kassel", "g-06633026"), ("34225", "Baunatal b. Kassel", "g-06633003"),
        ("61118", "Bad Vilbel bei Frankfurt", "g-06440003"), ("64839", "Münster b. Dieburg", "g-06432015"),
        ("35315", "Homberg bei Alsfeld", "g-06535009"), ("35440", "Linden bei der Stadt Gießen", "g-06531012"),
    ],
)  # fmt: skip
def test_bei_names_only_the_neighbourhood(postcode: str, town: str, authority: str) -> None:
    assert asked(postcode, town).authority == authority


def test_bei_tells_namesakes_apart() -> None:
    assert candidates("34576", "Homberg bei Alsfeld") == ["g-06535009", "g-06634009"]


@pytest.mark.parametrize(
    "town", ["Kassel bei Vellmar", "Musterdorf bei Vellmar", "Kassel, Vellmar bei Baunatal"]
)
def test_bei_never_excuses_a_name_that_is_not_the_postcodes(town: str) -> None:
    assert asked("34246", town).authority is None


@pytest.mark.parametrize("plain", [False, True], ids=["as written", "without hyphens, lower case"])
def test_an_official_addition_may_stand_before_the_name(*, plain: bool) -> None:
    code_of = {pair.ags: code for code, pairs in hessen().postcodes.items() for pair in pairs}
    official = [
        (ags, name.partition(", ")) for ags, names in hessen().names.items() for name in names if ", " in name
    ]
    found = []
    for ags, (town, _, addition) in official:
        area = hessen().areas[ags]
        if DAY in area.days and area.administration:
            before = addition.replace("-", "").lower() if plain else addition
            found.append((town, asked(code_of[ags], f"{before} {town}").authority == area.administration))
    assert len(found) > 50
    assert [town for town, understood in found if not understood] == []


@pytest.mark.parametrize(
    ("postcode", "town", "authority"),
    [
        ("36396", "Brüder-Grimm-Stadt Steinau", "g-06435028"), ("65183", "LH Wiesbaden", "g-06414000"),
        ("35390", "Rathaus Gießen", "g-06531005"), ("35390", "Stadtverwaltung Gießen", "g-06531005"),
        ("35037", "Univ.-Stadt Marburg", "g-06534014"), ("63584", "Gemeindevorstand Gründau", "g-06435012"),
        ("65396", "StadtWalluf", "g-06439017"), ("61118", "StadtBad Vilbel", "g-06440003"),
    ],
)  # fmt: skip
def test_a_title_before_a_name_says_nothing(postcode: str, town: str, authority: str) -> None:
    assert asked(postcode, town).authority == authority


@pytest.mark.parametrize(
    ("postcode", "town", "authority"),
    [
        ("63584", "Gründau (MKK)", "g-06435012"), ("37269", "Eschwege, Werra-Meißner", "g-06636003"),
        ("34613", "Schwalmstadt (Schwalm-Eder)", "g-06634022"), ("61184", "Karben Kr. Friedberg", "g-06440012"),
        ("35287", "Amöneburg, Kreis Marburg", "g-06534001"), ("65396", "Walluf im Rheingau", "g-06439017"),
        ("35390", "Gießen (Mittelhessen)", "g-06531005"), ("34117", "Kassel/Nordhessen", "g-06611000"),
    ],
)  # fmt: skip
def test_a_district_by_its_short_or_former_name_and_a_part_of_the_land_are_understood(
    postcode: str, town: str, authority: str
) -> None:
    assert asked(postcode, town).authority == authority


@pytest.mark.parametrize(
    "town", ["Gründau (LDK)", "Gründau, Schwalm-Eder", "Gründau, Kreis Friedberg", "Gründau (Rheingau)"]
)
def test_a_short_name_of_another_district_is_parked(town: str) -> None:
    assert candidates("63584", town) == ["g-06435012"]


@pytest.mark.parametrize("town", ["Darmstadt, Frankfrut", "Darmstadt-Frankfurrt", "Darmstadt (Frankurt)"])
def test_a_misspelt_municipality_elsewhere_is_no_quarter(town: str) -> None:
    decision = asked("64283", town)
    assert decision.reason is Reason.AMBIGUOUS_PLACE
    assert candidates("64283", town) == ["g-06411000", "g-06412000"]


def test_no_known_quarter_looks_like_a_misspelt_municipality() -> None:
    slips = gazetteer(hessen(), DAY).slips
    towns = {word for area in hessen().areas.values() for words in spellings(area.name) for word in words}
    alike = {
        (name, ags)
        for ags, names in hessen().localities.items()
        for name in names
        for token in tokens(name)
        if token.text not in towns and slips.get(token.text, frozenset({ags})) != {ags}
    }
    assert len(slips) > 5000
    assert alike == set()


@pytest.mark.parametrize(
    ("land", "own", "other"),
    [
        ("Rheinland-Pfalz", "RLP", "HE"),
        ("Hessen", "HE", "RLP"),
        ("Sachsen", "SN", "LSA"),
        ("Hamburg", "HH", "HB"),
    ],
)
def test_the_abbreviation_of_its_own_land_does_not_park_a_place(land: str, own: str, other: str) -> None:
    assert not is_beyond(tokens(own)[0], land_words(land))
    assert is_beyond(tokens(other)[0], land_words(land))

import pytest

from services.router.domain.decision.place_names import base, form, forms, qualifiers, quarters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gießen", "GIESSEN"),
        ("Gießen", "Universitätsstadt Gießen"),
        ("Rüsselsheim", "Ruesselsheim"),
        ("Limburg a. d. Lahn", "Limburg an der Lahn"),
        ("Limburg a. d. Lahn", "LIMBURG/LAHN"),
        ("Limburg a. d. Lahn", "Limburg a.d.L."),
        ("Bad Homburg v. d. Höhe", "Bad Homburg v.d.H."),
        ("Frankfurt am Main", "Frankfurt (Main)"),
        ("Frankfurt am Main", "Frankfurt a.M."),
        ("Höchst i. Odw.", "Höchst im Odenwald"),
        ("Allendorf (Eder)", "Allendorf/Eder"),
        ("Bad Soden-Salmünster", "Bad Soden Salmünster"),
        ("Sankt Goarshausen", "St. Goarshausen"),
        ("Neustadt (Hessen)", "neustadt hessen"),
        ("Rüsselsheim", "Russelsheim"),
        ("Universitätsstadt Gießen", "Universitaetsstadt Giessen"),
        ("Bad Homburg v. d. Höhe", "Bad Homburg vdH"),
    ],
)
def test_two_spellings_name_the_same_town(one: str, other: str) -> None:
    assert form(one) == form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Allendorf (Eder)", "Allendorf (Lumda)"),
        ("Reichelsheim (Odenwald)", "Reichelsheim (Wetterau)"),
        ("Homberg (Efze)", "Homberg (Ohm)"),
        ("Darmstadt", "Stadt"),
        ("Neustadt (Hessen)", "Hessen"),
    ],
)
def test_two_spellings_name_different_towns(one: str, other: str) -> None:
    assert form(one) != form(other)


def test_the_short_name_is_one_of_the_forms() -> None:
    assert form("Limburg") in forms(["Limburg a. d. Lahn"])


@pytest.mark.parametrize("written", ["Neu-Isenburg", "Neu Isenburg", "NeuIsenburg", "Neuisenburg"])
def test_a_hyphen_may_be_written_or_not(written: str) -> None:
    assert form(written) in forms(["Neu-Isenburg"])


def test_what_tells_places_from_their_namesakes_is_known_of_a_whole_land() -> None:
    assert qualifiers(["Limburg a. d. Lahn", "Homberg (Efze)", "Kassel"]) == {"lahn", "efze"}


def test_the_name_of_a_namesake_is_none_of_the_forms() -> None:
    assert form("Allendorf (Lumda)") not in forms(["Allendorf (Eder)"])


@pytest.mark.parametrize(
    ("name", "short"),
    [("Steinau an der Straße", "Steinau"), ("Rosbach v. d. Höhe", "Rosbach"), ("Groß-Gerau", "Groß-Gerau")],
)
def test_the_base_is_what_people_say(name: str, short: str) -> None:
    assert base(name) == short


def test_a_town_with_its_quarter_names_the_town() -> None:
    assert list(quarters("Kassel-Bad Wilhelmshöhe")) == ["Kassel"]

import pytest

from shared.events.competence import Place, Reason
from tests.support.directories import TRADE, ask, authorities
from tests.support.routing import hessen


@pytest.mark.parametrize(
    ("postcode", "town", "authority"),
    [
        ("34131", "Kassel-Bad Wilhelmshöhe", "g-06611000"),
        ("65929", "Frankfurt-Höchst", "g-06412000"),
        ("65929", "Frankfurt a. M.-Höchst", "g-06412000"),
        ("65346", "Eltville-Erbach", "g-06439003"),
        ("65232", "Taunusstein-Neuhof", "g-06439015"),
        ("35396", "Gießen-Wieseck", "g-06531005"),
        ("63457", "Großauheim", "g-06415000"),
        ("64720", "Weiten-Gesäß", "g-06437011"),
        ("35398", "Allendorf an der Lahn", "g-06531005"),
        ("34576", "Homberg (Efze)", "g-06634009"),
        ("35315", "Homberg (Ohm)", "g-06535009"),
        ("64686", "Lautertal", "g-06431014"),
        ("35390", "Gießen (Lahn)", "g-06531005"),
        ("35578", "Wetzlar an der Lahn", "g-06532023"),
        ("36037", "Fulda (Hessen)", "g-06631009"),
        ("63450", "Hanau am Main", "g-06415000"),
        ("55252", "Mainz-Kastel", "g-06414000"),
        ("63263", "Neuisenburg", "g-06438009"),
        ("36369", "Lautertal", "g-06535012"),
    ],
)
def test_a_town_or_quarter_is_found_at_its_postcode(postcode: str, town: str, authority: str) -> None:
    assert ask(hessen(), TRADE, Place(plz=postcode, town=town)).authority == authority


@pytest.mark.parametrize(
    ("postcode", "town"),
    [
        ("35315", "Homberg (Efze)"),
        ("35108", "Allendorf-Lumda"),
        ("35390", "Kassel"),
        ("35390", "Staufenberg"),
        ("60311", "Frankfurt (Oder)"),
        ("35390", "Gießen (Oder)"),
        ("61231", "Nauheim"),
        ("65391", "Sauerthal"),
        ("34134", "Fuldabrück"),
    ],
)
def test_a_town_that_does_not_belong_to_its_postcode_is_unknown(postcode: str, town: str) -> None:
    assert ask(hessen(), TRADE, Place(plz=postcode, town=town)).reason is Reason.UNKNOWN_PLACE


def test_a_weak_pair_counts_as_possible() -> None:
    decision = ask(hessen(), TRADE, Place(plz="36103"))
    assert set(authorities(decision)) == {"g-06631008", "g-06631018"}


def test_a_municipality_that_still_exists_is_not_called_by_its_successor() -> None:
    decision = ask(hessen(), TRADE, Place(plz="35108", town="Bromskirchen"), on="2022-12-31")
    assert decision.reason is Reason.UNKNOWN_PLACE


@pytest.mark.parametrize(
    ("shortened", "filled"), [("06531", "065310000000"), ("065", "065000000000"), ("06", "060000000000")]
)
def test_a_shortened_key_may_be_filled_up_with_zeros(shortened: str, filled: str) -> None:
    service = "99089086060000"
    asked = [ask(hessen(), service, Place(ars=key)) for key in (shortened, filled)]
    assert asked[0].areas == asked[1].areas
    assert asked[0].authority == asked[1].authority


def test_an_independent_city_is_not_mistaken_for_more() -> None:
    assert ask(hessen(), TRADE, Place(ars="064110000000")).areas == ("06411000",)


def test_a_chain_of_keys_leads_back_over_several_years() -> None:
    decision = ask(hessen(), TRADE, Place(ags="06415000"), on="2010-01-01")
    assert decision.authority == "g-06435014"

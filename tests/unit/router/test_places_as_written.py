"""Places as people write them: what names one municipality is understood, what names two is never guessed."""

import html
import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cache
from itertools import islice, permutations

import pytest

from services.router.domain.decision.place_names import base
from services.router.domain.directory.model import Area
from shared.events.competence import CompetenceDecision, Inquiry, Place, Reason
from tests.support.directories import TRADE
from tests.support.routing import hessen, resolve

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 1)
SEPARATORS = (
    "-", "–", "—", "\u2011", "\u2212", " - ", ", ", "; ", "/", " / ", " | ", " & ", " + ", ":", ".", "·", "_", " ",
    "\u00a0", "\u2003", " und ", " u. ", " oder ", " bei ", " b. ", " OT ", ", Ortsteil ", " (", " [", "\u200b",
    "\u00ad", "\ufeff", " c/o ", "->", " in ", "=",
)  # fmt: skip
BEI = (" bei ", " b. ")
"""They may join a place and one near it: Vellmar bei Kassel is Vellmar."""
ENTITIES = {
    ord(char): f"&{name};" for name, char in (("uuml", "ü"), ("ouml", "ö"), ("auml", "ä"), ("szlig", "ß"))
}
DASHES = [chr(code) for code in range(0x10000) if unicodedata.category(chr(code)) == "Pd"]
BLANKS = [chr(code) for code in range(0x80, 0x10000) if unicodedata.category(chr(code)) == "Zs"]
UNSEEN = [
    "\u00ad",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u200e",
    "\u180e",
    "\ufe0f",
    "\u034f",
    "\u3164",
]
SHORT = {
    "Groß-": ("Gr.-", "Gr. ", "gr ", "Groß ", "GROSS-"),
    "Klein-": ("Kl.-", "Kl. "),
    "Hessisch ": ("Hess. ", "Hess.-", "hess "),
    "Sankt ": ("St. ", "St "),
    " am Main": (" a. M.", " a.M.", "/Main", "/M.", " (Main)", " a.Main", " /M"),
    " am Rhein": (" a. Rh.", " a.Rh.", "/Rh.", "/Rhein", " (Rhein)"),
    " im Taunus": (" i. Ts.", "/Ts.", " (Taunus)", " i.T.", " Ts"),
    " am Taunus": (" a. Ts.", "/Ts.", " i. Ts."),
    " (Taunus)": ("/Ts.", " i. Ts.", " Taunus", " (Ts.)"),
    " (Hessen)": ("/Hess.", " (Hess.)", ", Hessen", " Hess", " (H.)", "/Hessen"),
    " (Odenwald)": ("/Odw.", " i. Odw.", " (Odenw.)", " Odenwald"),
    " i. Odw.": ("/Odw.", " im Odenwald", " (Odenwald)"),
    " a. d. Lahn": ("/Lahn", " a.d.L.", " an der Lahn", " (Lahn)", " adL", "/L."),
    " a. d. Fulda": ("/Fulda", " a.d.F.", " an der Fulda", " (Fulda)"),
    " v. d. Höhe": (" v.d.H.", " vdH", " vor der Höhe", " v. d. Hoehe", " v.d.Höhe"),
    " an der Straße": (" a. d. Str.", " a.d.Str.", " an der Str.", " a. d. Strasse"),
    " (Bergstraße)": ("/Bergstr.", " (Bergstr.)", " (Bergstrasse)", " a.d.Bergstr."),
    " (Eder)": ("/Eder", " a. d. Eder", " Eder", "/E."),
    " (Werra)": ("/Werra", "/W.", " a.d. Werra"),
    " (Rhön)": ("/Rhön", " i.d. Rhön", "/Rhoen"),
    " (Wetterau)": (" (Wett.)", "/Wett.", "/Wetterau", " i.d. Wetterau"),
    " (Neckar)": ("/N.", "/Neckar", " a. N.", " am Neckar"),
    " (Vogelsberg)": ("/Vogelsberg", " (Vogelsb.)", "/Vb."),
    " (Ohm)": ("/Ohm", "/O."), " (Efze)": ("/Efze", "/E."), " (Lumda)": ("/Lumda", "/L."),
}  # fmt: skip


def asked(postcode: str, town: str) -> CompetenceDecision:
    place = Place(plz=postcode, town=town)
    return resolve(Inquiry(service=TRADE, place=place, on=DAY), directory=hessen())


EVERY = pytest.mark.parametrize(
    "share", [pytest.param(1, marks=pytest.mark.long, id="all"), pytest.param(17, id="every 17th")]
)
"""Of the combinations, each that the number divides: all of them take minutes."""


@cache
def municipalities() -> tuple[tuple[str, Area], ...]:
    """Every municipality of the day that has an administration, with its first postcode."""
    first: dict[str, str] = {}
    for code, pairs in hessen().postcodes.items():
        for pair in pairs:
            first.setdefault(pair.ags, code)
    areas = (area for area in hessen().areas.values() if area.administration is not None and DAY in area.days)
    return tuple((first[area.ags], area) for area in areas if area.ags in first)


def wrong(written: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str | None]]:
    """Of (postcode, town, authority), what is answered otherwise."""
    answers = (
        (postcode, town, expected, asked(postcode, town).authority) for postcode, town, expected in written
    )
    return [(postcode, town, answer) for postcode, town, expected, answer in answers if answer != expected]


def joined(one: str, separator: str, other: str) -> str:
    closing = {" (": ")", " [": "]"}.get(separator, "")
    return f"{one}{separator}{other}{closing}"


def neighbours() -> Iterator[tuple[str, Area, Area]]:
    """Every two municipalities that share a postcode, in both orders."""
    for postcode, pairs in hessen().postcodes.items():
        areas = [hessen().areas[pair.ags] for pair in pairs]
        for one, other in permutations([area for area in areas if area.administration], 2):
            yield postcode, one, other


@EVERY
@pytest.mark.parametrize("separator", SEPARATORS)
def test_two_municipalities_of_one_postcode_are_parked_with_both(separator: str, share: int) -> None:
    start = SEPARATORS.index(separator) % share
    for postcode, one, other in islice(neighbours(), start, None, share):
        both = {one.administration, other.administration}
        for first, second in ((one.name, other.name), (base(one.name), base(other.name))):
            decision = asked(postcode, joined(first, separator, second))
            assert decision.authority is None, (postcode, first, second)
            candidates = {candidate.authority for candidate in decision.candidates}
            assert candidates & both if separator in UNSEEN else candidates >= both


@EVERY
@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_second_municipality_from_elsewhere_is_parked(separator: str, share: int) -> None:
    chance = random.Random(7)
    known = municipalities()
    for postcode, area in known[SEPARATORS.index(separator) % share :: share]:
        _, other = chance.choice(known)
        near = separator in BEI and (other.district == area.district or other.kind == "independent-city")
        if not near and other.ags not in {pair.ags for pair in hessen().postcodes[postcode]}:
            for one, two in ((area.name, other.name), (base(area.name), base(other.name))):
                assert asked(postcode, joined(one, separator, two)).authority is None, (postcode, one, two)
                assert asked(postcode, joined(two, separator, one)).authority is None, (postcode, two, one)


@pytest.mark.parametrize(
    ("postcode", "town"),
    [("36277", "Schenklengsfeld-Kelkheim"), ("64283", "Darmstadt-Frankfurt"), ("60311", "Frankfurt-Homberg")],
)
def test_a_shortened_name_of_a_municipality_is_no_unknown_quarter(postcode: str, town: str) -> None:
    decision = asked(postcode, town)
    assert (decision.authority, decision.reason) == (None, Reason.AMBIGUOUS_PLACE)
    assert len(decision.candidates) > 1


def slip(name: str, chance: random.Random) -> str:
    """The name with one letter left out, doubled or exchanged with its neighbour, or cut short."""
    at = chance.randrange(1, len(name) - 1)
    return chance.choice((
        name[:at] + name[at + 1 :], name[:at] + name[at - 1 :], name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        name[: max(4, len(name) // 2)], name[: max(4, len(name) // 2)] + ".",
    ))  # fmt: skip


@EVERY
@pytest.mark.parametrize(
    "separator", ["-", ", ", "/", " / ", " (", " OT ", " und ", " u. ", " & ", "+", " b. "]
)
def test_a_second_municipality_with_a_slip_of_the_pen_is_not_taken_for_a_quarter(
    separator: str, share: int
) -> None:
    chance = random.Random(8)
    guessed = []
    every = list(islice(neighbours(), len(separator) % share, None, share))
    for postcode, one, other in every:
        first, second = base(one.name), slip(base(other.name), chance)
        written = (joined(first, separator, second), joined(second, separator, first))
        guessed += [(postcode, town) for town in written if asked(postcode, town).authority is not None]
    assert len(guessed) <= 0.05 * 2 * len(every), guessed


@pytest.mark.parametrize("joint", [" und ", " u. ", " & ", " + "])
def test_two_names_of_which_one_is_unknown_are_parked(joint: str) -> None:
    assert asked("35390", f"Gießen{joint}Musterhausen").authority is None
    assert asked("35390", f"Musterhausen{joint}Gießen").authority is None
    assert asked("34560", "Fritzlar, Dom- und Kaiserstadt").authority == "g-06634005"


@pytest.mark.parametrize("short", ["B. ", "Bd. ", "B.", "Bd ", "Bad-", "Bad"])
def test_bad_is_understood_however_short(short: str) -> None:
    written = [
        (plz, area.name.replace("Bad ", short, 1), str(area.administration))
        for plz, area in municipalities()
        if area.name.startswith("Bad ")
    ]
    assert len(written) > 15
    assert wrong(written) == []


@pytest.mark.parametrize(
    ("postcode", "town"),
    [
        ("65183", "Wiesbaden, Mainz"), ("64283", "Darmstadt-Mannheim"), ("34117", "Kassel, Göttingen"),
        ("35096", "Weimar, Thüringen"), ("64658", "Fürth, Bayern"), ("35279", "Neustadt, Sachs."), ("65391", "Lorch, BW"),
        ("61449", "Steinbach, Österreich"), ("64839", "Münster, Westf."),
    ],
)  # fmt: skip
def test_a_large_city_or_another_land_beside_a_name_is_no_quarter(postcode: str, town: str) -> None:
    assert asked(postcode, town).authority is None


def test_a_quarter_with_the_name_of_a_large_city_is_known() -> None:
    assert asked("35094", "Lahntal-Göttingen").authority == "g-06534012"
    assert asked("35753", "Greifenstein-Ulm").authority == "g-06532010"


@pytest.mark.parametrize("joint", [", ", "; ", "/", ", OT ", " ("])
def test_b_is_no_small_word_where_a_name_begins(joint: str) -> None:
    assert asked("60311", joined("Frankfurt", joint, "B. Orb")).authority is None


@pytest.mark.parametrize(
    "broken",
    [
        html.escape, lambda n: n.translate(ENTITIES), lambda n: f"{n}&nbsp;", lambda n: f"&quot;{n}&quot;",
        lambda n: n.encode().decode("cp1252", errors="ignore"), lambda n: f"{n}, Hessen".replace("ß", "ß\u00ad"),
        lambda n: re.sub(r"^(Groß|Klein|Ober|Nieder|Neu)(?!-|stadt)", r"\1-", n),
        lambda n: f"{n} Mitte", lambda n: f"{n} (Kernstadt)", lambda n: f"{n} Nord", lambda n: f"{n} Süd, Hessen",
    ],
)  # fmt: skip
def test_what_exports_do_to_a_name_does_not_matter(broken: Callable[[str], str]) -> None:
    assert wrong((plz, broken(area.name), str(area.administration)) for plz, area in municipalities()) == []


def test_a_postcode_without_a_blank_beside_the_name_is_understood() -> None:
    for around in ("{}{}", "D{}{}", "D-{} {}", "{}-{}"):
        written = (
            (plz, around.format(plz, area.name), str(area.administration)) for plz, area in municipalities()
        )
        assert wrong(written) == []


def test_a_name_that_contradicts_its_postcode_is_parked_with_the_candidates_of_both() -> None:
    decision = asked("35390", "Marburg")
    assert (decision.authority, decision.reason) == (None, Reason.UNKNOWN_PLACE)
    assert [candidate.authority for candidate in decision.candidates] == ["g-06531005", "g-06534014"]


@pytest.mark.parametrize(
    "town", ["Musterhausen", "東京", "???x", "35392 Gießen", "Klein-Gießen", "Neu Gießen"]
)
def test_what_is_not_understood_names_the_candidates_of_the_postcode(town: str) -> None:
    decision = asked("35390", town)
    assert (decision.authority, decision.reason) == (None, Reason.UNKNOWN_PLACE)
    assert [candidate.authority for candidate in decision.candidates] == ["g-06531005"]


def test_a_postcode_that_no_list_knows_names_the_candidates_of_the_town() -> None:
    decision = asked("35999", "Gießen")
    assert (decision.authority, decision.reason) == (None, Reason.UNKNOWN_PLACE)
    assert [candidate.authority for candidate in decision.candidates] == ["g-06531005"]


@pytest.mark.parametrize(
    ("postcode", "town"),
    [("34576", "Homberg (Ohm)"), ("35315", "Homberg (Efze)"), ("34576", "Homberg/Lahn"), ("35279", "Neustadt/Orla")],
)  # fmt: skip
def test_a_namesake_by_its_river_is_not_taken_for_the_one_of_the_postcode(postcode: str, town: str) -> None:
    assert asked(postcode, town).authority is None


@pytest.mark.parametrize("town", ["-", "–", "\u200b", "...", "35390", "D-35390"])
def test_a_field_that_says_nothing_leaves_the_postcode_to_decide(town: str) -> None:
    assert asked("35390", town).authority == "g-06531005"


@EVERY
@pytest.mark.parametrize(
    "around",
    [
        "{plz} {name}", "{name} {plz}", "D-{plz} {name}", "{name}, D {plz}", "DE-{plz} {name}", "Stadt {name}", "{name}, Stadt",
        "Gemeinde {name}", "{name}, Deutschland", "{name} Germany", "{name} (Hessen)", "{name}/Hessen", "{name} (HE)", "({name})", "„{name}“",
        "\u00a0{name}\u00a0", "  {name}  ", "{name}.", "{name},", "\ufeff{name}", "{name}\u200b", "in {name}", "{name} 1",
        "{name}, Musterviertel", "{name}-Musterviertel", "{name} OT Musterviertel", "Musterviertel, {name}",
    ],
)  # fmt: skip
def test_what_people_write_around_a_name_does_not_matter(around: str, share: int) -> None:
    beyond = {code for code, pairs in hessen().postcodes.items() if any(pair.beyond for pair in pairs)}
    written = [
        (plz, around.format(plz=plz, name=area.name), str(area.administration))
        for plz, area in municipalities()[len(around) % share :: share]
        if "Muster" not in around or plz not in beyond
    ]
    assert wrong(written) == []


@pytest.mark.parametrize("spell", [str.upper, str.lower, str.casefold, lambda n: unicodedata.normalize("NFD", n),
    lambda n: n.translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss", ord("Ö"): "Oe"}),
    lambda n: unicodedata.normalize("NFD", n).encode("ascii", "ignore").decode() if "ß" not in n else n,
    lambda n: n.replace("-", " "), lambda n: n.replace("-", ""), lambda n: n.replace(" ", "  "), base,
])  # fmt: skip
def test_every_municipality_is_understood_in_every_spelling(spell: object) -> None:
    assert callable(spell)
    assert wrong((plz, spell(area.name), str(area.administration)) for plz, area in municipalities()) == []


def test_dashes_blanks_and_unseen_signs_of_every_kind_do_not_matter() -> None:
    written: list[tuple[str, str, str]] = []
    for number, (plz, area) in enumerate(municipalities()):
        dash, blank, unseen = (signs[number % len(signs)] for signs in (DASHES, BLANKS, UNSEEN))
        middle = len(area.name) // 2
        variants = {
            area.name.replace("-", dash),
            area.name.replace(" ", blank),
            f"{area.name[:middle]}{unseen}{area.name[middle:]}",
            "".join(f"{letter}{unseen}" for letter in area.name),
        }
        written += ((plz, variant, str(area.administration)) for variant in variants)
    assert wrong(written) == []


def test_common_abbreviations_are_understood() -> None:
    written = [
        (plz, area.name.replace(long, short), str(area.administration))
        for plz, area in municipalities()
        for long, shorts in SHORT.items()
        for short in shorts
        if long in area.name
    ]
    missed = wrong(written)
    assert len(written) > 250
    assert len(missed) <= 0.02 * len(written), missed
    assert {answer for _, _, answer in missed} <= {None}, "an abbreviation may be parked, never misread"


def test_former_municipalities_and_districts_are_understood() -> None:
    assert asked("64760", "Beerfelden").authority == "g-06437016"
    assert asked("64760", "Oberzent-Beerfelden").authority == "g-06437016"
    assert asked("35390", "Gießen, Kreis Gießen").authority == "g-06531005"
    assert asked("35440", "Linden, Lkr. Gießen").authority == "g-06531012"
    assert asked("35440", "Linden, Wetteraukreis").authority is None

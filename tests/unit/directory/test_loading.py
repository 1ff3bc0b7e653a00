import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amtsweg.directory.exhaustive_check import check
from services.router.adapters.directory_files import load, read_tables
from services.router.domain.directory.parse import parse_directory
from services.router.domain.directory.tables import BrokenDirectory
from tests.support.directories import NORDMARK, built, hessen_changed, hessen_with, hessen_without
from tests.support.routing import HESSEN, hessen

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (hessen_with("competences", "x-9,99050012104000,,district,,no,,,,,,,x,x,yes,"), "competences, 99050012104000: .* overlap"),
        (hessen_changed("competences", "road:land,", "road:federal,"), "competences, 99108001001000, federal: .* overlap"),
        (hessen_changed("competences", "road:land,", "street:land,"), "when is 'street:land', expected road:CLASS"),
        (hessen_changed("competences", "road:land,", "road:lane,"), "when is 'road:lane', expected road:CLASS"),
        (hessen_without("competences", "99018001001000-1"), "competences, 99018001001000: says nothing on the days ..2022-12-31"),
        (hessen_changed("competences", "2025-10-14", "2025-10-16"), "says nothing on the days 2025-10-14..2025-10-15"),
        (hessen_without("services", "99050012104000"), "competences: 99050012104000 is unknown"),
        (hessen_changed("competences", "land-havs", "land-amt"), "land-amt is unknown"),
        (hessen_changed("competences", ",2023-01-01,", ",2022-01-01,"), "overlap|does not exist on all days"),
        (hessen_changed("competences", "listed:wohngeld", "listed:nichts"), "nichts is unknown"),
        (hessen_changed("competences", "listed:wohngeld", "soon"), "expected listed:NAME or above:PEOPLE"),
        (hessen_changed("competences", ",municipality,", ",mayor,"), "decides is 'mayor', expected one of municipality"),
        (hessen_without("authorities", "k-06531,"), "areas|districts, 06531: k-06531 is unknown"),
        (hessen_without("chambers", "06531005,ihk"), "areas, 06531005: has no ihk on the days .."),
        (hessen_with("chambers", "06531005,ihk,ihk-fulda,2020-01-01,,x,yes"), "chambers, ihk of 06531005: .* overlap"),
        (hessen_without("successions", "06435014"), "areas, 06435014: it ends on 2025-12-31 without a successor"),
        (hessen_changed("successions", "2026-01-01", "2026-01-02"), "does not end on the day before 2026-01-02"),
        (hessen_with("postcodes", "35390,06531005,listed,no,no,"), "postcodes, 35390: duplicate area"),
        (hessen_with("postcodes", "35390,06999999,listed,no,no,"), "postcodes, 35390: 06999999 is unknown"),
        (hessen_with("areas", "06531005,065310005005,Gießen,city,06531,065,g-06531005,,,x"), "areas, line .*: ags 06531005 is a duplicate"),
        (hessen_changed("competences", "99008001012000-1,", "99023001012000-1,"), "competences, line .*: id 99023001012000-1 is a duplicate"),
        (hessen_changed("areas", "06531005,065310005005", "06531005,064310005005"), "its keys do not lie in its district 06531"),
        (hessen_changed("areas", ",06415,064,g-06415000,2026-01-01", ",06415,064,g-06415000,2025-01-01"), "district 06415 does not exist on all days"),
        (hessen_changed("areas", ",g-06531005,", ",,"), "only an unincorporated area has no administration"),
        (hessen_changed("populations", ",7518,", ",viele,"), "people is 'viele', expected a number"),
        (hessen_changed("populations", "2022-12-31,5587", "2022-12-32,5587"), "valid_to is '2022-12-32', expected a day"),
        (hessen_changed("lists", ",yes", ",ja"), "verified is 'ja', expected yes or no"),
        (hessen_changed("regions", "key,name", "key,nom"), "regions, line 1: the header must be"),
        (hessen_with("regions", '068,"Nord,rp-064,x'), "regions, line 5: unexpected end of data"),
        (hessen_changed("authorities", "ihk-fulda", "IHK Fulda"), "authorities, line .*: id is 'IHK Fulda', expected"),
        (hessen_changed("competences", "99050012104000-1,99050012104000,", "x,9905001210400,"), "service is '9905001210400', expected"),
        (hessen_with("successions", "06531005,2030-01-01,06531012,x"), "successions, 06531005: the area does not end on the day before"),
        (hessen_changed("areas", "06437016,064370016016,Oberzent,city,06437,064,g-06437016,2018-01-01", "06437016,064370016016,Oberzent,city,06437,064,g-06437016,2019-01-01"), "its successor 06437016 does not exist on 2018-01-01"),
        (hessen_changed("competences", "authority,land-havs", "region,land-havs"), "target names the authority if, and only if"),
        (hessen_changed("competences", ",district,,no,listed:wohngeld", ",region,,no,listed:wohngeld"), "municipality_if needs decides to be district"),
        (hessen_changed("competences", ",nobody,,no,", ",nobody,,yes,"), "by_choice needs decides to be one of municipality"),
        (hessen_changed("authorities", "Gesundheit und Pflege,Darmstadt,,2023-01-01", "Gesundheit und Pflege,Darmstadt,,2024-01-01"), "land-hlfgp does not exist on all days"),
        (hessen_with("regions", "067,Nord"), "regions, line 5: 2 columns instead of 4"),
        (hessen_changed("regions", "key,name", 'key,"name'), "regions, line 4: unexpected end of data"),
    ],
)  # fmt: skip
def test_a_directory_that_contradicts_itself_is_refused_and_says_where(
    texts: dict[str, str], problem: str
) -> None:
    with pytest.raises(BrokenDirectory, match=problem):
        built(texts)


CELLS = st.sampled_from(
    ["", "x", "99", "0001-01-01", "9999-12-31", "2026-02-30", "-1", "²", "above:", "listed:x", "road:land", "06", "g-01001000", '"', "ihk"]
)  # fmt: skip


@given(st.data())
def test_any_broken_table_is_reported_or_harmless(data: st.DataObject) -> None:
    tables = read_tables(NORDMARK)
    table = data.draw(st.sampled_from(sorted(tables)))
    lines = [line.split(",") for line in tables[table].splitlines()]
    cells = data.draw(st.sampled_from(lines))
    cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(CELLS)
    kept = data.draw(st.permutations(lines[1:]))[data.draw(st.integers(0, 1)) :]
    tables[table] = "".join(f"{','.join(line)}\n" for line in (lines[0], *kept))
    broken = ""
    try:
        check(parse_directory("01", "Nordmark", tables))
    except BrokenDirectory as error:
        broken = str(error)
    assert not broken or broken.startswith(tuple(tables))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(NORDMARK, tmp_path / "land"))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            'licence = "CC0-1.0"',
            'licence = "mine"',
            "manifest.toml, tables.authorities: licence 'mine' is none that we may use",
        ),
        (
            'licence = "CC0-1.0"',
            "",
            "manifest.toml, tables.authorities: licence is missing",
        ),
        ('source = "erfunden"', 'source = ""', "source is missing"),
        ("[tables.areas]", "[tables.arias]", "manifest.toml, tables.areas: source is missing"),
        ('land = "01"', "", "manifest.toml: land is missing"),
        ('land = "01"', "land = ", "manifest.toml: Invalid"),
        ('land = "01"', "land = 1", "manifest.toml: land is missing"),
        ('licence = "CC0-1.0"', "licence = 1", "tables.authorities: licence is missing"),
        ('licence = "CC0-1.0"', 'licence = ["MIT"]', "tables.authorities: licence is missing"),
        ("[tables.areas]", "tables.areas = 1\n[other]", "manifest.toml"),
    ],
)
def test_a_broken_manifest_is_refused_and_says_where(folder: Path, old: str, new: str, problem: str) -> None:
    manifest = folder / "manifest.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(BrokenDirectory, match=problem):
        load(folder)


def test_a_missing_table_is_named(folder: Path) -> None:
    (folder / "areas.csv").unlink()
    with pytest.raises(BrokenDirectory, match="areas: the table is missing"):
        load(folder)


def test_a_table_that_is_not_text_is_named(folder: Path) -> None:
    (folder / "areas.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(BrokenDirectory, match="areas, line 1: is not UTF-8 text"):
        load(folder)


def test_one_changed_cell_is_another_version(folder: Path) -> None:
    before = load(folder).version
    table = folder / "populations.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("9000", "9001"), encoding="utf-8")
    assert load(folder).version != before


def test_the_same_tables_are_the_same_version(folder: Path) -> None:
    assert load(folder).version == load(NORDMARK).version


def test_hessen_is_complete() -> None:
    directory = hessen()
    kinds = [authority.kind for authority in directory.authorities.values()]
    assert len(directory.areas) == 433
    assert len(directory.districts) == 27
    assert len(directory.regions) == 3
    assert sum(kind in {"ihk", "hwk", "chamber"} for kind in kinds) == 25
    assert len(directory.competences) == 56
    assert len(directory.services) == 4815
    assert len(directory.postcodes) == 550


@pytest.mark.parametrize(("on", "count"), [("2017-12-31", 426), ("2018-01-01", 423), ("2020-01-01", 422), ("2023-01-01", 421), ("2026-01-01", 421)])  # fmt: skip
def test_hessen_has_as_many_municipalities_as_the_official_register(on: str, count: int) -> None:

    day = date.fromisoformat(on)

    existing = [
        area for area in hessen().areas.values() if day in area.days and area.kind != "unincorporated"
    ]
    assert len(existing) == count


def test_the_page_counts_the_services_without_a_checked_source() -> None:
    rules = hessen().competences.values()
    unchecked = sum(any(not rule.verified for rule in rows) for rows in rules)
    page = (HESSEN.parents[1] / "docs" / "directory.md").read_text(encoding="utf-8")
    assert f"- {unchecked} of the {len(rules)} services have a row without a checked source" in page


def test_an_area_may_end_within_a_row_that_goes_on() -> None:
    line = "06435014,ihk,ihk-hanau,,,"
    assert built(hessen_changed("chambers", line, "06435014,ihk,ihk-hanau,,2030-12-31,")).version

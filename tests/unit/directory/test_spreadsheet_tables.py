"""A table that went through a spreadsheet or an editor is refused with table and line, whatever it did to which column."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.router.adapters.directory_files import read_tables
from services.router.domain.directory.columns import KINDS, TEXT
from services.router.domain.directory.parse import parse_directory
from services.router.domain.directory.tables import BrokenDirectory, rows
from tests.support.directories import NORDMARK_TABLES
from tests.support.routing import HESSEN

pytestmark = pytest.mark.slow

TABLES = read_tables(HESSEN)

TO_ANY_CELL: dict[str, Callable[[str], str]] = {
    "trailing blank": lambda cell: f"{cell} ",
    "leading blank": lambda cell: f" {cell}",
    "no-break blank": lambda cell: f"{cell}\u00a0",
    "narrow blank": lambda cell: f"\u202f{cell}",
    "doubled blank": lambda cell: f"a  {cell}",
    "byte-order mark": lambda cell: f"\ufeff{cell}",
    "zero-width blank": lambda cell: f"{cell}\u200b",
    "soft hyphen": lambda cell: f"{cell}\u00ad",
    "broken reference": lambda _: "#REF!",
    "German broken reference": lambda _: "#BEZUG!",
    "not available": lambda _: "#N/A",
    "Latin-1 for UTF-8": lambda cell: f"{cell}Gießen".encode().decode("latin-1"),
    "Windows-1252 for UTF-8": lambda cell: f"{cell}Höchst".encode().decode("cp1252"),
    "replaced letter": lambda cell: f"{cell}Gie\ufffden",
    "lost letter": lambda cell: f"{cell}Gie?en",
    "formula": lambda cell: f'=HYPERLINK("https://elsewhere.example";"{cell}")',
    "formula with a sign": lambda cell: f"+{cell}",
    "formula with a minus": lambda cell: f"-{cell}",
    "formula of another program": lambda cell: f"@{cell}",
    "formula in wide letters": lambda cell: f"\uff1d{cell}",
    "shortened number": lambda _: "9,90500121E+13",
    "second line": lambda cell: f"{cell}\nx",
    "turned direction": lambda cell: f"{cell}\u2067x",
    "letter without a shape": lambda cell: f"{cell}\u3164",
    "tag": lambda cell: f"{cell}\U000e0041",
}
TO_KEYS: dict[str, Callable[[str], str]] = {
    "float": lambda cell: f"{cell}.0",
    "German float": lambda cell: f"{cell},0",
    "lost zero": lambda cell: cell[1:],
    "scientific notation": lambda cell: f"{cell[0]}.{cell[1:4]}E+{len(cell) - 1}",
    "apostrophe": lambda cell: f"'{cell}",
    "German day": lambda _: "01.01.2026",
    "American day": lambda _: "1/1/2026",
    "serial day": lambda _: "46023",
    "day and time": lambda _: "2026-01-01 00:00:00",
    "thousands": lambda _: "1.234.567",
    "digits of another script": lambda cell: cell.replace("0", "٠").replace("1", "١").replace("6", "٦"),
}
"""What turns a key, a number or a day into none; not every damage does so in every column."""


def cells() -> Iterator[tuple[str, str]]:
    yield from ((table, column) for table, kinds in KINDS.items() for column in kinds)


def filled(table: str, column: str) -> dict[str, str] | None:
    """A row of the shipped table in which this column is filled."""
    lines = csv.DictReader(TABLES[table].splitlines())
    return next((dict(line) for line in lines if line[column]), None)


def read(table: str, cells_of_row: dict[str, str]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(cells_of_row), lineterminator="\n")
    writer.writeheader()
    writer.writerow(cells_of_row)
    list(rows({table: text.getvalue()}, table))


@pytest.mark.parametrize(("table", "column"), list(cells()))
def test_damaged_text_is_refused_in_every_column(table: str, column: str) -> None:
    row = filled(table, column)
    if row is None:
        return
    read(table, row)
    for damage in TO_ANY_CELL.values():
        with pytest.raises(BrokenDirectory, match=rf"^{table}, line 2: {column} is "):
            read(table, {**row, column: damage(row[column])})


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, column in cells() if KINDS[table][column] is not TEXT]
)
def test_a_damaged_key_number_or_day_is_refused_in_every_such_column(table: str, column: str) -> None:
    row = filled(table, column)
    if row is None:
        return
    kind = KINDS[table][column]
    for damage in TO_KEYS.values():
        damaged = damage(row[column])
        if kind.pattern.fullmatch(damaged) is None:
            with pytest.raises(BrokenDirectory, match=rf"^{table}, line 2: {column} is .*, expected "):
                read(table, {**row, column: damaged})


@pytest.mark.parametrize(
    ("table", "column", "damaged"),
    [
        ("postcodes", "postcode", "34117.0"), ("postcodes", "postcode", "1067"), ("areas", "ags", "6411000"),
        ("areas", "ars", "6.4110E+10"), ("areas", "valid_from", "01.01.2026"), ("areas", "valid_from", "20260101"),
        ("areas", "valid_from", "2026-W01-1"), ("services", "key", "9.90500121E+13"), ("populations", "people", "7518.0"),
        ("populations", "people", "7.518"), ("districts", "key", "6411"), ("competences", "service", "99050012104000.0"),
        ("localities", "postcode", "64291.0"), ("names", "ags", "06411000.0"), ("chambers", "ags", "6411000"),
    ],
)  # fmt: skip
def test_what_spreadsheets_make_of_keys_days_and_numbers_is_refused(
    table: str, column: str, damaged: str
) -> None:
    row = filled(table, column) or filled(table, next(iter(KINDS[table])))
    assert row is not None
    with pytest.raises(BrokenDirectory, match=rf"^{table}, line 2: {column} is "):
        read(table, {**row, column: damaged})


@pytest.mark.parametrize(
    ("table", "old", "new", "told"),
    [
        ("names", "01001000,", "01009999,", r"^names: 01009999 is unknown \(line [0-9]+\)$"),
        ("areas", ",g-01001000,", ",g-01009999,", r"^areas, 01001000: g-01009999 is unknown \(line 2\)$"),
        ("populations", "01051001,,", "01051002,,", r"^populations, 01051002: .* overlap \(lines [0-9]+, [0-9]+\)$"),
    ],
)  # fmt: skip
def test_tables_that_contradict_each_other_are_refused_with_the_lines(
    table: str, old: str, new: str, told: str
) -> None:
    changed = NORDMARK_TABLES[table].replace(old, new, 1)
    assert changed != NORDMARK_TABLES[table]
    with pytest.raises(BrokenDirectory, match=told):
        parse_directory("01", "Nordmark", {**NORDMARK_TABLES, table: changed})


def test_a_byte_order_mark_and_semicolons_are_named() -> None:
    with pytest.raises(BrokenDirectory, match=r"names, line 1: .*byte-order mark"):
        list(rows({"names": "\ufeff" + TABLES["names"]}, "names"))
    with pytest.raises(BrokenDirectory, match=r"names, line 1: .*semicolons"):
        list(rows({"names": TABLES["names"].replace(",", ";")}, "names"))


def test_a_table_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    lines = TABLES["names"].splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines, start=1) if not line.isascii())
    (tmp_path / "names.csv").write_bytes(TABLES["names"].encode("latin-1"))
    with pytest.raises(BrokenDirectory, match=f"^names, line {first}: is not UTF-8 text"):
        read_tables(tmp_path)


def test_the_line_ends_of_windows_are_read() -> None:
    assert len(list(rows({"regions": TABLES["regions"].replace("\n", "\r\n")}, "regions"))) == 3

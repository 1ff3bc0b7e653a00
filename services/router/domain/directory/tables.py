"""The tables of a directory as text: their columns, their cells, and the content hash that is the version."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NoReturn, get_args

from services.router.domain.directory.columns import KINDS, damage
from services.router.domain.directory.model import CaseCondition, DateRange, MunicipalityCondition
from shared.events.competence import Road

COLUMNS: Mapping[str, tuple[str, ...]] = {table: tuple(kinds) for table, kinds in KINDS.items()}
"""UTF-8 CSV with a header; days are ISO 8601 and inclusive, an empty day is an open end; flags are yes or no."""

_ROADS = frozenset[str](get_args(Road))


class BrokenDirectory(Exception):  # noqa: N818 - the state of the directory, not of the program
    """The tables are not a valid directory; the text says where and what is wrong."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a table; a broken cell raises `BrokenDirectory` with table and line."""

    table: str
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        return self.cells[column] or self.fail(f"{column} is empty")

    def like(self, column: str, pattern: str) -> str:
        """The text of a cell that must match the whole pattern."""
        if not re.fullmatch(pattern, self.cells[column]):
            self.fail(f"{column} is {self.cells[column]!r}, expected {pattern}")
        return self.cells[column]

    def maybe(self, column: str) -> str | None:
        return self.cells[column] or None

    def one_of(self, column: str, allowed: tuple[str, ...]) -> str:
        if self.cells[column] not in allowed:
            self.fail(f"{column} is {self.cells[column]!r}, expected one of {', '.join(allowed)}")
        return self.cells[column]

    def flag(self, column: str) -> bool:
        if self.cells[column] not in {"yes", "no"}:
            self.fail(f"{column} is {self.cells[column]!r}, expected yes or no")
        return self.cells[column] == "yes"

    def number(self, column: str) -> int:
        cell = self.cells[column]
        return int(cell) if cell.isdecimal() else self.fail(f"{column} is {cell!r}, expected a number")

    def keys(self, column: str) -> frozenset[str]:
        return frozenset(self.cells[column].split())

    def day(self, column: str, otherwise: date | None = None) -> date:
        if otherwise is not None and not self.cells[column]:
            return otherwise
        try:
            return date.fromisoformat(self.cells[column])
        except ValueError:
            self.fail(f"{column} is {self.cells[column]!r}, expected a day as YYYY-MM-DD")

    def days(self) -> DateRange:
        days = DateRange(self.day("valid_from", date.min), self.day("valid_to", date.max))
        return days if days.first <= days.last else self.fail("valid_to lies before valid_from")

    def condition(self, column: str) -> MunicipalityCondition | None:
        match self.cells[column].partition(":"):
            case ("", "", ""):
                return None
            case ("listed", ":", name) if name:
                return MunicipalityCondition("listed", name)
            case ("above", ":", people) if people.isdecimal():
                return MunicipalityCondition("above", people)
        return self.fail(f"{column} is {self.cells[column]!r}, expected listed:NAME or above:PEOPLE")

    def case(self, column: str) -> CaseCondition | None:
        if not self.cells[column]:
            return None
        match self.cells[column].partition(":"):
            case ("road", ":", values) if (named := frozenset(values.split("|"))) <= _ROADS:
                return CaseCondition("road", named)
        return self.fail(f"{column} is {self.cells[column]!r}, expected road:CLASS|CLASS")

    def check(self) -> None:
        """Refuse cells that do not fit their columns.

        Raises:
            BrokenDirectory: the first such cell.
        """
        for column, kind in KINDS[self.table].items():
            cell = self.cells[column]
            if found := damage(cell):
                self.fail(f"{column} is {cell!r}: {found}")
            if not kind.pattern.fullmatch(cell):
                self.fail(f"{column} is {cell!r}, expected {kind.expected}")

    def fail(self, problem: str) -> NoReturn:
        raise BrokenDirectory(f"{self.table}, line {self.line}", problem)


def rows(texts: Mapping[str, str], table: str) -> Iterator[TableRow]:
    """The lines of a table, in their order.

    Raises:
        BrokenDirectory: the table is missing or its header or a line has other columns.
    """
    if table not in texts:
        raise BrokenDirectory(table, "the table is missing")
    columns = COLUMNS[table]
    lines = csv.reader(io.StringIO(texts[table], newline=""), strict=True)
    try:
        if (header := tuple(next(lines, []))) != columns:
            raise BrokenDirectory(
                f"{table}, line 1", f"the header must be {','.join(columns)}{_hint(header)}"
            )
        read = lines.line_num
        for cells in lines:
            begun, read = read + 1, lines.line_num
            if len(cells) != len(columns):
                problem = f"{len(cells)} columns instead of {len(columns)}"
                raise BrokenDirectory(f"{table}, line {begun}", problem)
            row = TableRow(table, begun, dict(zip(columns, cells, strict=True)))
            row.check()
            yield row
    except csv.Error as error:
        raise BrokenDirectory(f"{table}, line {lines.line_num}", str(error)) from error


def _hint(header: Sequence[str]) -> str:
    first = header[0] if header else ""
    if first.startswith("\ufeff"):
        return "; the file begins with a byte-order mark: save it as UTF-8 without one"
    if ";" in first or "\t" in first:
        return "; the columns are separated by semicolons or tabs: save it with commas"
    return ""


def version(land: str, texts: Mapping[str, str]) -> str:
    """The content hash: SHA-256 over the Land's key and all tables; the order of their lines does not matter."""
    content = hashlib.sha256(f"{land}\n".encode())
    for table in sorted(texts):
        header, *lines = texts[table].splitlines() or [""]
        content.update("\n".join((table, header, *sorted(lines), "")).encode())
    return content.hexdigest()

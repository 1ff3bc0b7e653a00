"""From the rows of the tables to the law; a table that contradicts itself is refused with table, line and column."""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar, get_args

from services.notifier.domain.deadlines.calendar import Calendar
from services.notifier.domain.deadlines.law import (
    Announcement,
    Court,
    Deemed,
    DispatchChannel,
    InForce,
    Law,
    LegalProfile,
    PeriodUnit,
    RemedyKind,
    RemedyRule,
    ServiceProfile,
)

TableRows = Sequence[Mapping[str, str | None]]
"""A table's rows, in the order of its lines; the first stands on line 2."""

_MOST_DAYS, _MOST_MONTHS = 366, 60
_REMEDIES: tuple[RemedyKind, ...] = get_args(RemedyKind)
_CHANNELS: tuple[DispatchChannel, ...] = get_args(DispatchChannel)

_Word = TypeVar("_Word", bound=str)


class BrokenLaw(Exception):  # noqa: N818 - what the tables are, in the project's vocabulary
    """The tables of the law cannot be used; the text names table, line and column."""


class _Cells:
    """One row, read column by column."""

    def __init__(self, table: str, line: int, row: Mapping[str, str | None]) -> None:
        self._table = table
        self._line = line
        self._row = row

    def text(self, column: str) -> str:
        value = self._row.get(column)
        if value is None or value != value.strip():
            raise self.broken(column, "expected a value without blanks around it")
        return value

    def needed(self, column: str) -> str:
        value = self.text(column)
        if not value:
            raise self.broken(column, "expected a value")
        return value

    def choice(self, column: str, *choices: _Word) -> _Word:
        value = self.text(column)
        for allowed in choices:
            if allowed == value:
                return allowed
        raise self.broken(column, f"expected one of {', '.join(choices)}")

    def day(self, column: str) -> date | None:
        value = self.text(column)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            raise self.broken(column, "expected a day that exists, as YYYY-MM-DD, or nothing") from None

    def number(self, column: str, *, most: int) -> int | None:
        value = self.text(column)
        if not value:
            return None
        if value.isascii() and value.isdigit() and int(value) <= most:
            return int(value)
        raise self.broken(column, f"expected a whole number up to {most}, or nothing")

    def truth(self, column: str) -> bool:
        return self.choice(column, "yes", "no") == "yes"

    def broken(self, column: str, problem: str) -> BrokenLaw:
        return BrokenLaw(f"table {self._table}, line {self._line}, column {column}: {problem}")


def read_law(tables: Mapping[str, TableRows], *, calendar: Calendar) -> Law:
    """Return the law of the tables ``profiles``, ``services``, ``announcements``, ``courts`` and ``remedies``.

    Raises:
        BrokenLaw: a value cannot be read, two rows hold on one day, or a service's profile does not exist.
    """
    profiles = _grouped("profiles", [_profile(cells) for cells in _rows(tables, "profiles")], key="name")
    services = _grouped("services", [_service(cells) for cells in _rows(tables, "services")], key="service")
    for rows in services.values():
        for row in rows:
            if row.profile not in profiles:
                raise BrokenLaw(f"table services, service {row.service}: there is no profile {row.profile}")
    announcements = [_announcement(cells) for cells in _rows(tables, "announcements")]
    _grouped("announcements", announcements, key="channel")
    courts = [_court(cells) for cells in _rows(tables, "courts")]
    remedies = [_remedy(cells) for cells in _rows(tables, "remedies")]
    _grouped("remedies", remedies, key=("authority", "service", "instead_of"))
    return Law(
        profiles=profiles,
        services=services,
        announcements=announcements,
        courts={court.district: court for court in courts},
        remedies=remedies,
        calendar=calendar,
        slowest_announcement=_slowest(announcements),
    )


def holiday_changes(rows: TableRows) -> Mapping[date, str | None]:
    """Return the days that an ordinance made a holiday, by name, or a working day (None).

    Raises:
        BrokenLaw: a value cannot be read.
    """
    changes: dict[date, str | None] = {}
    for cells in _rows({"holidays": rows}, "holidays"):
        day = cells.day("day")
        if day is None:
            raise cells.broken("day", "expected a day")
        added = cells.choice("kind", "holiday", "working-day") == "holiday"
        changes[day] = cells.needed("name") if added else None
    return changes


def _rows(tables: Mapping[str, TableRows], table: str) -> list[_Cells]:
    if table not in tables:
        raise BrokenLaw(f"the table {table} is missing")
    return [_Cells(table, line, row) for line, row in enumerate(tables[table], start=2)]


def _profile(cells: _Cells) -> LegalProfile:
    unit: PeriodUnit = cells.choice("unit", "days", "months", "none")
    length = cells.number("length", most=_MOST_DAYS if unit == "days" else _MOST_MONTHS)
    if (length is None) != (unit == "none") or length == 0:
        raise cells.broken("length", "expected a number for days and months, and nothing for none")
    deemed: Deemed = cells.choice("deemed", "approval", "entry", "none")
    if deemed != "none" and length is None:
        raise cells.broken("deemed", "nothing is deemed without a period")
    confirmation = cells.text("confirmation")
    return LegalProfile(
        name=cells.needed("name"),
        **_validity(cells),
        unit=unit,
        length=length,
        starts=cells.choice("starts", "receipt", "complete-documents"),
        deemed=deemed,
        kept_by=cells.choice("kept_by", "announcement", "dispatch"),
        extension=cells.choice("extension", "once", "none"),
        longest_extension=cells.number("longest_extension", most=_MOST_MONTHS),
        confirmation=None if confirmation in {"", "none"} else confirmation,
        remedy=cells.choice("remedy", *_REMEDIES),
        legal_basis=cells.text("legal_basis"),
        source=cells.needed("source"),
        verified=cells.truth("verified"),
        note=cells.text("note"),
    )


def _service(cells: _Cells) -> ServiceProfile:
    return ServiceProfile(
        service=cells.needed("service"),
        **_validity(cells),
        profile=cells.needed("profile"),
        only_for=cells.text("only_for"),
        only_for_en=cells.text("only_for_en") or cells.text("only_for"),
        remedy=cells.choice("remedy", *_REMEDIES) if cells.text("remedy") else None,
        sensitive_name=cells.truth("sensitive_name"),
        legal_basis=cells.text("legal_basis"),
        source=cells.needed("source"),
        verified=cells.truth("verified"),
    )


def _announcement(cells: _Cells) -> Announcement:
    length = cells.number("length", most=31)
    if length is None:
        raise cells.broken("length", "expected a number")
    return Announcement(
        channel=cells.choice("channel", *_CHANNELS),
        unit=cells.choice("unit", "days", "months"),
        length=length,
        retrieved_within=cells.number("retrieved_within", most=31),
        **_validity(cells),
        legal_basis=cells.needed("legal_basis"),
        source=cells.needed("source"),
        verified=cells.truth("verified"),
    )


def _slowest(announcements: Sequence[Announcement]) -> int:
    within = [rule for rule in announcements if rule.unit == "days" and rule.retrieved_within is None]
    return max((rule.length for rule in within), default=0)


def _remedy(cells: _Cells) -> RemedyRule:
    return RemedyRule(
        authority=cells.needed("authority"),
        service=cells.text("service") or None,
        instead_of=cells.choice("instead_of", *_REMEDIES),
        remedy=cells.choice("remedy", *_REMEDIES),
        **_validity(cells),
        legal_basis=cells.needed("legal_basis"),
        source=cells.needed("source"),
        verified=cells.truth("verified"),
    )


def _court(cells: _Cells) -> Court:
    return Court(
        district=cells.needed("district"),
        court=cells.needed("court"),
        seat=cells.needed("seat"),
        source=cells.needed("source"),
        verified=cells.truth("verified"),
    )


def _validity(cells: _Cells) -> dict[str, date | None]:
    return {"valid_from": cells.day("valid_from"), "valid_to": cells.day("valid_to")}


_DatedRow = TypeVar("_DatedRow", bound=InForce)


def _grouped(
    table: str, rows: Sequence[_DatedRow], *, key: str | Sequence[str]
) -> dict[str, list[_DatedRow]]:
    names = [key] if isinstance(key, str) else key
    groups: defaultdict[str, list[_DatedRow]] = defaultdict(list)
    for row in rows:
        groups[" ".join(str(getattr(row, name)) for name in names)].append(row)
    for name, group in groups.items():
        ordered = sorted(group, key=lambda row: row.valid_from or date.min)
        for earlier, later in itertools.pairwise(ordered):
            if earlier.valid_to is None or (later.valid_from or date.min) <= earlier.valid_to:
                raise BrokenLaw(f"table {table}, {' '.join(names)} {name}: two rows hold on one day")
    return dict(groups)

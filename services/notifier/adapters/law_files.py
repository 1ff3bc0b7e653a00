"""The law of one Land: its tables below ``law/`` of the directory, and its holidays from the library `holidays`."""

import csv
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import holidays

from services.notifier.domain.deadlines.calendar import Calendar
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.deadlines.tables import BrokenLaw, TableRows, holiday_changes, read_law
from shared.bounded_files import LARGE, read_bounded, read_bounded_text

_TABLES = ("profiles", "services", "announcements", "courts", "remedies")
_SUBDIVISION = "HE"


def open_law(directory: Path) -> Law:
    """Return the law of the Land whose directory this is.

    Raises:
        BrokenLaw: a table is missing or contradicts itself; table, line and column are named.
    """
    folder = directory / "law"
    changes = holiday_changes(_read(folder / "holidays.csv"))
    tables = {table: _read(folder / f"{table}.csv") for table in _TABLES}
    return read_law(tables, calendar=Calendar(lambda year: _holidays(year, changes)))


def law_digest(directory: Path) -> str:
    """The digest of a state of the law: of the bytes of its tables and the library's version."""
    digest = sha256(version("holidays").encode())
    for table in ("holidays", *_TABLES):
        digest.update(sha256(read_bounded(directory / "law" / f"{table}.csv", most=LARGE)).digest())
    return digest.hexdigest()


def _holidays(year: int, changes: Mapping[date, str | None]) -> Mapping[date, str]:
    """The library's days of one year, and what the Land's own table changes of them."""
    days: dict[date, str] = dict(
        holidays.country_holidays("DE", subdiv=_SUBDIVISION, years=year, expand=False, language="de").items()
    )
    for day, name in changes.items():
        if day.year == year and name is None:
            days.pop(day, None)
        elif day.year == year and name is not None:
            days[day] = name
    return days


def _read(path: Path) -> TableRows:
    try:
        return list(csv.DictReader(StringIO(read_bounded_text(path, most=LARGE), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BrokenLaw(f"table {path.stem}: cannot be read ({type(error).__name__})") from error

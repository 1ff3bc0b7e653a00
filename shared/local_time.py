"""Instants as people in Germany read them: local time with its zone. What machines read stays UTC with ``Z``."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime

CIVIL_TIME: Final = ZoneInfo("Europe/Berlin")
"""The zone of days and periods: where authorities and applicants are."""

_LOCALES: Final = {"de": Locale("de", "DE"), "en": Locale("en", "GB")}

ReadIn = Literal["de", "en"]
"""The language in which a time is read."""


def calendar_day(instant: datetime) -> date:
    """The day on which something arrives or happens: the calendar day in Germany (§ 187 Abs. 1 BGB)."""
    return instant.astimezone(CIVIL_TIME).date()


def local_time(at: datetime, language: ReadIn = "de", *, seconds: bool = False) -> str:
    """An instant in short: ``27.11.2026, 10:30 MEZ``, ``27/11/2026, 10:30 CET``.

    The zone distinguishes the two hours of the same name on the last Sunday of October.
    """
    day = "dd.MM.y" if language == "de" else "dd/MM/y"
    return _formatted(at, f"{day}, HH:mm{':ss' if seconds else ''} z", language)


def letter_time(at: datetime, language: ReadIn = "de") -> str:
    """An instant as in a letter: ``12. Januar 2026, 10:30 Uhr (MEZ)``, ``12 January 2026, 10:30 (CET)``."""
    pattern = "d. MMMM y, HH:mm 'Uhr' (z)" if language == "de" else "d MMMM y, HH:mm (z)"
    return _formatted(at, pattern, language)


def local_day(day: date, language: ReadIn = "de") -> str:
    """A calendar day in short: ``27.11.2026``, ``27/11/2026``."""
    return format_date(day, "dd.MM.y" if language == "de" else "dd/MM/y", locale=_LOCALES[language])


@lru_cache(maxsize=1024)
def letter_day(day: date, language: ReadIn = "de", *, weekday: bool = False) -> str:
    """A calendar day as in a letter: ``15. Januar 2026``, ``Donnerstag, 15. Januar 2026``, ``15 January 2026``."""
    pattern = "d. MMMM y" if language == "de" else "d MMMM y"
    return format_date(day, f"EEEE, {pattern}" if weekday else pattern, locale=_LOCALES[language])


def weekday_name(day: date, language: ReadIn = "de") -> str:
    """The name of its weekday."""
    return format_date(day, "EEEE", locale=_LOCALES[language])


def utc(at: datetime) -> str:
    """An instant for machines: UTC, to the second, ``2026-11-27T09:30:37Z``."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _formatted(at: datetime, pattern: str, language: ReadIn) -> str:
    if at.tzinfo is None:
        raise ValueError("expected an instant with its offset")
    at = at.astimezone(UTC).replace(microsecond=0)
    return _formatted_once(at if ":ss" in pattern else at.replace(second=0), pattern, language)


@lru_cache(maxsize=1024)
def _formatted_once(at: datetime, pattern: str, language: ReadIn) -> str:
    """Many mails speak of one minute, and it takes as long to write as the rest of their words."""
    return format_datetime(at, pattern, tzinfo=CIVIL_TIME, locale=_LOCALES[language])

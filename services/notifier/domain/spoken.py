"""Days and instants as people in Hessen say them."""

from collections.abc import Mapping
from datetime import date, datetime

from services.notifier.domain.deadlines.calendar import BERLIN
from shared.events.submission import Language

_GERMAN = ("Januar", "Februar", "März", "April", "Mai", "Juni",
           "Juli", "August", "September", "Oktober", "November", "Dezember")  # fmt: skip
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "de": _GERMAN,
    "de-simple": _GERMAN,
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
}  # fmt: skip


def say_day(day: date, language: Language) -> str:
    """A day: ``12. Januar 2026``."""
    month = _MONTHS[language][day.month - 1]
    return f"{day.day} {month} {day.year}" if language == "en" else f"{day.day}. {month} {day.year}"


def say_instant(instant: datetime, language: Language) -> str:
    """An instant: ``12. Januar 2026, 10:30 Uhr (MEZ)``.

    The zone tells the two hours apart that have the same name on the last Sunday of October.
    """
    local = instant.astimezone(BERLIN)
    summer = bool(local.dst())
    day = say_day(local.date(), language)
    if language == "en":
        return f"{day}, {local:%H:%M} ({'CEST' if summer else 'CET'})"
    return f"{day}, {local:%H:%M} Uhr ({'MESZ' if summer else 'MEZ'})"

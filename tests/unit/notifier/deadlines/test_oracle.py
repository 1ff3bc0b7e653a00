"""An independent calculation, day by day and from the law's text alone, agrees on every day of four years.

Nothing of the engine is used here: no month arithmetic, no library of holidays.
"""

from datetime import date, timedelta

import pytest

from services.notifier.domain.deadlines.explain import short
from tests.support.law import CONFIRMATION, FICTION, deadline_of

DAY = timedelta(days=1)
FIXED = {(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)}  # § 1 Abs. 1 HFeiertagsG


def easter_sunday(year: int) -> date:
    """The Sunday after the first full moon of spring, by Gauss's rule as Lichtenberg corrected it."""
    century = year // 100
    moon = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sun = 2 - (3 * century + 3) // 4
    cycle = year % 19
    germ = (19 * cycle + moon) % 30
    correction = (germ + cycle // 11) // 29
    limit = 21 + germ - correction
    first_sunday = 7 - (year + year // 4 + sun) % 7
    march_day = limit + 7 - (limit - first_sunday) % 7
    return date(year, 3, 1) + timedelta(days=march_day - 1)


def rests(day: date) -> bool:
    """Whether nothing ends on this day: Saturday, Sunday, or a holiday in Hessen."""
    distance = (day - easter_sunday(day.year)).days
    movable = distance in {-2, 0, 1, 39, 49, 50, 60}  # Karfreitag … Fronleichnam
    return day.isoweekday() in {6, 7} or (day.month, day.day) in FIXED or movable


def moved(day: date) -> date:
    while rests(day):
        day += DAY
    return day


def months_after(start: date, months: int) -> date:
    """Walk day by day into the month in question, to the same number or to its last day (§ 188 BGB)."""
    month, walked, day = start.month, 0, start
    while walked < months:
        day += DAY
        if day.month != month:
            month, walked = day.month, walked + 1
    while day.day < start.day and (day + DAY).month == day.month:
        day += DAY
    return day


def expected(received: date, *, through_contact: bool, months: int, days: int) -> dict[str, str | None]:
    at_authority = received
    for _ in range(3 if through_contact else 0):
        at_authority += DAY
    raw = at_authority
    for _ in range(days):
        raw += DAY
    raw = months_after(raw, months)
    ends = moved(raw)
    return {
        "deemedReceived": str(at_authority),
        "rawEnd": str(raw),
        "periodEnds": str(ends),
        "fictionFrom": str(ends + DAY) if months else None,
        "lastSafeDispatch": str(ends - 4 * DAY if months else ends),
    }


@pytest.mark.parametrize("via", ["single-contact", "authority"])
@pytest.mark.parametrize(("profile", "months", "days"), [(FICTION, 3, 0), (CONFIRMATION, 0, 3)])
def test_it_agrees_on_every_day(via: str, profile: str, months: int, days: int) -> None:
    day = date(2024, 1, 1)  # with a leap day, and the year in which the rule of announcement changed
    while day < date(2028, 1, 1):
        found = short(deadline_of(day.isoformat(), profile, via=via))
        assert found == expected(day, through_contact=via == "single-contact", months=months, days=days), day
        day += DAY


def test_it_agrees_on_extensions_and_supplements() -> None:
    day = date(2024, 1, 1)
    while day < date(2028, 1, 1):
        supplement = day + 17 * DAY
        for extended in (1, 2):
            found = deadline_of(
                day.isoformat(), supplementsReceivedAt=supplement.isoformat(), extendedByMonths=extended
            )
            old_end = moved(months_after(supplement + 3 * DAY, 3))
            assert found.period_ends == moved(months_after(old_end, extended)), (day, extended)
        day += DAY

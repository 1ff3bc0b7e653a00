"""Days as the law counts them: calendar days in Germany, months without a 31st, working days of one Land."""

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, timedelta

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Outside these years nothing is computed: holidays are known no further."""

_SATURDAY = 5
_SHORTEST_MONTH = 28


class Calendar:
    """Working days. ``holidays_of`` gives the holidays of a year with their names; it is asked once a year.

    Sundays and Saturdays count as days off by themselves (§ 31 Abs. 3 VwVfG, § 193 BGB).
    """

    def __init__(self, holidays_of: Callable[[int], Mapping[date, str]]) -> None:
        self._holidays_of = holidays_of
        self._years: dict[int, Mapping[date, str]] = {}

    def holiday(self, day: date) -> str | None:
        """Return what the holiday is called, or None."""
        year = self._years.get(day.year)
        if year is None:
            year = self._years[day.year] = self._holidays_of(day.year)
        return year.get(day)

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        return day.weekday() < _SATURDAY and self.holiday(day) is None

    def next_working_day(self, day: date) -> date:
        """Return the day itself if it is a working day, else the next one."""
        while not self.works(day):
            day += timedelta(days=1)
        return day

    def last_working_day(self, day: date) -> date:
        """Return the day itself if it is a working day, else the one before."""
        while not self.works(day):
            day -= timedelta(days=1)
        return day


def last_day_of_month(day: date) -> date:
    """Return the last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def after_months(day: date, months: int) -> date:
    """Return the day of the same number, or the month's last one if it has no such day (§ 188 Abs. 2, 3 BGB).

    Raises:
        OverflowError: the year does not exist.
    """
    if not months:
        return day
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= years <= date.max.year:
        raise OverflowError("the end lies beyond all calendars")
    number = day.day if day.day <= _SHORTEST_MONTH else min(day.day, monthrange(years, month + 1)[1])
    return date(years, month + 1, number)

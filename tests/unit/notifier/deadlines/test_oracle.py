"""An independent calculation, day by day and from the law's text alone, agrees on every day of four years.

Nothing of the engine is used here: no month arithmetic, no library of holidays.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from services.notifier.domain.deadlines.announcement import announced, last_dispatches, remedy_until
from services.notifier.domain.deadlines.explain import short
from services.notifier.domain.deadlines.inquiry import BadDeadlineInquiry
from tests.support.law import CONFIRMATION, FICTION, deadline_of, hessian_law

pytestmark = pytest.mark.slow

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


def expected(received: date, law: "Written", *, through_contact: bool) -> dict[str, str | None]:
    at_authority = received
    for _ in range(3 if through_contact else 0):
        at_authority += DAY
    raw = at_authority
    for _ in range(law.days):
        raw += DAY
    raw = months_after(raw, law.months)
    ends = moved(raw)
    return {
        "deemedReceived": str(at_authority),
        "rawEnd": str(raw),
        "periodEnds": str(ends),
        "fictionFrom": str(ends + DAY) if law.fiction else None,
        "lastSafeDispatch": str(ends - 4 * DAY if law.announced else ends),
    }


WITHOUT_LIMIT = 4
"""Where the law names no longest extension, so many months are tried."""


@dataclass(frozen=True)
class Written:
    """A profile as the law says it; ``extends``: by so many months at most, 0 where it may not."""

    months: int = 0
    days: int = 0
    waits: bool = True
    fiction: bool = False
    announced: bool = True
    extends: int = 0


PROFILES = {
    FICTION: Written(
        months=3, fiction=True, extends=WITHOUT_LIMIT
    ),  # § 42a Abs. 2 VwVfG: once, to a reasonable extent
    "three-months-deemed-entry": Written(
        months=3, fiction=True, extends=WITHOUT_LIMIT
    ),  # § 10 Abs. 1 Satz 3, 4 HwO: § 42a VwVfG holds as well
    "three-months-deemed-licence": Written(months=3, fiction=True, extends=3),  # § 15 Abs. 1 PBefG
    "three-months-simplified-building-permit": Written(months=3, fiction=True, extends=2),  # § 65 Abs. 2 HBO
    CONFIRMATION: Written(days=3, waits=False, announced=False),  # § 15 Abs. 1 GewO
    "three-months-decision": Written(months=3, extends=WITHOUT_LIMIT),  # Art. 13 Abs. 3 RL 2006/123/EG
    "three-months-inaction": Written(months=3, waits=False),  # § 75 VwGO
    "six-months-inaction": Written(months=6, waits=False),  # § 88 Abs. 1 SGG
    "notice": Written(waits=False, announced=False),
}
MOST_DAYS = date(2024, 1, 1), date(2028, 1, 1)
"""Four years with a leap day, and the year in which the rule of announcement changed."""


def days() -> Iterator[date]:
    day, end = MOST_DAYS
    while day < end:
        yield day
        day += DAY


def test_every_profile_of_the_tables_is_computed_here_too() -> None:
    assert set(PROFILES) == set(hessian_law().profiles)


@pytest.mark.parametrize("via", ["single-contact", "authority"])
@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"notice"}))
def test_it_agrees_on_every_day(via: str, profile: str) -> None:
    law = PROFILES[profile]
    for day in days():
        found = short(deadline_of(day.isoformat(), profile, via=via))
        assert found == expected(day, law, through_contact=via == "single-contact"), day


def test_a_notice_has_no_end_on_any_day() -> None:
    for day in days():
        found = deadline_of(day.isoformat(), "notice")
        assert (found.period_ends, found.fiction_from, found.last_safe_dispatch) == (None, None, None)


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"notice"}))
def test_no_reading_of_an_extension_ends_later_than_the_latest_end(profile: str) -> None:
    """§ 190, § 187 Abs. 2, § 188 Abs. 2, 3 BGB: months that begin on the day after the old end, walked day by day."""
    law = PROFILES[profile]
    for day in days():
        old_end = moved(months_after(day + law.days * DAY, law.months))
        for extended in range(law.extends + 1):
            fields = {"extendedByMonths": extended} if extended else {}
            found = deadline_of(day.isoformat(), profile, via="authority", **fields)
            latest = moved(last_of_months_from(old_end + DAY, extended)) if extended else old_end
            assert found.latest_end == max(latest, found.period_ends or latest), (day, extended)


def last_of_months_from(begins: date, months: int) -> date:
    """The day before the one of the same number, or the month's last where it lacks that day."""
    month, walked, day = begins.month, 0, begins
    while walked < months:
        day += DAY
        if day.month != month:
            month, walked = day.month, walked + 1
    if begins.day == 1:
        return day - DAY
    while day.day < begins.day - 1 and (day + DAY).month == day.month:
        day += DAY
    return day


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"notice"}))
def test_it_agrees_on_extensions_and_supplements(profile: str) -> None:
    law = PROFILES[profile]
    for day in days():
        supplement = day + 17 * DAY
        fields = {"supplementsReceivedAt": supplement.isoformat()}
        first = (supplement if law.waits else day) + 3 * DAY
        old_end = moved(months_after(first + law.days * DAY, law.months))
        assert deadline_of(day.isoformat(), profile, **fields).period_ends == old_end, day
        for extended in range(1, law.extends + 1):
            found = deadline_of(day.isoformat(), profile, **fields, extendedByMonths=extended)
            assert found.period_ends == moved(months_after(old_end, extended)), (day, extended)
            assert found.ended_before_extension == old_end
        if law.extends < WITHOUT_LIMIT:
            with pytest.raises(BadDeadlineInquiry, match="extendedByMonths"):
                deadline_of(day.isoformat(), profile, **fields, extendedByMonths=law.extends + 1)


def summer(year: int) -> tuple[datetime, datetime]:
    """When German clocks are ahead by two hours: from one last Sunday at 01:00 UTC to the other (2000/84/EG)."""
    ends = []
    for month in (3, 10):
        day = date(year, month, 31)
        while day.isoweekday() != 7:
            day -= DAY
        ends.append(datetime(day.year, day.month, day.day, 1, tzinfo=UTC))
    return ends[0], ends[1]


def test_an_instant_counts_on_the_day_that_a_german_clock_shows() -> None:
    for day in days():
        begins, ends = summer(day.year)
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for hour, second in ((21, 3599), (22, 0), (22, 3599), (23, 0), (23, 3599)):
            at = midnight + timedelta(hours=hour, seconds=second)
            ahead = timedelta(hours=2 if begins <= at < ends else 1)
            found = deadline_of(at.isoformat(), "notice", via="authority").deemed_received
            assert found == (at + ahead).date(), at


def latest_with_a_letter_after(waits: int, end: date, arrives: Callable[[date], date]) -> date:
    """§ 41 Abs. 2a VwVfG: ten days to retrieve it, then a letter on the next day."""
    provided = end
    while arrives(provided + waits * DAY + DAY) > end:
        provided -= DAY
    return provided


def test_the_day_of_announcement_and_the_last_dispatch_agree_on_every_day() -> None:
    law = hessian_law()

    def arrives(sent: date) -> date:
        return sent + (3 if sent.year < 2025 else 4) * DAY

    for day in days():
        latest = day
        while arrives(latest) > day:
            latest -= DAY
        abroad = day
        while months_after(abroad, 1) > day:  # § 71b Abs. 6 VwVfG
            abroad -= DAY
        last = {
            **dict.fromkeys(("letter", "email", "mailbox"), latest),
            "letter-abroad": abroad,
            "portal": latest_with_a_letter_after(10, day, arrives),
            "handed-over": day,
        }
        assert last_dispatches(day, law) == last, day
        for channel in ("letter", "email", "mailbox"):
            assert announced(day, channel, law) == arrives(day), day
        assert remedy_until(day, law) == moved(months_after(day, 1)), day

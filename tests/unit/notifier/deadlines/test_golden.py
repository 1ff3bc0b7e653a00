"""The examples of the law's own collections, computed by hand."""

from datetime import date

import pytest

from services.notifier.domain.deadlines.announcement import announced, last_dispatches, remedy_until
from services.notifier.domain.deadlines.explain import short
from tests.support.law import CONFIRMATION, deadline_of, hessian_law

DAYS = ("deemedReceived", "rawEnd", "periodEnds", "fictionFrom", "lastSafeDispatch")


@pytest.mark.parametrize(
    "row",
    [
        ("2026-01-12", "2026-01-15", "2026-04-15", "2026-04-15", "2026-04-16", "2026-04-11"),
        ("2025-11-25", "2025-11-28", "2026-02-28", "2026-03-02", "2026-03-03", "2026-02-26"),
        ("2025-11-27", "2025-11-30", "2026-02-28", "2026-03-02", "2026-03-03", "2026-02-26"),
        ("2026-01-28", "2026-01-31", "2026-04-30", "2026-04-30", "2026-05-01", "2026-04-26"),
        ("2025-12-31", "2026-01-03", "2026-04-03", "2026-04-07", "2026-04-08", "2026-04-03"),
        ("2026-03-01", "2026-03-04", "2026-06-04", "2026-06-05", "2026-06-06", "2026-06-01"),
        ("2026-09-22", "2026-09-25", "2026-12-25", "2026-12-28", "2026-12-29", "2026-12-24"),
    ],
)
def test_three_months_through_the_single_contact(row: tuple[str, ...]) -> None:
    received, *days = row
    assert short(deadline_of(received)) == dict(zip(DAYS, days, strict=True))


def test_supplements_start_the_period() -> None:
    found = deadline_of("2026-01-12", supplementsReceivedAt="2026-03-10")
    assert short(found) == {
        "deemedReceived": "2026-03-13",
        "rawEnd": "2026-06-13",
        "periodEnds": "2026-06-15",
        "fictionFrom": "2026-06-16",
        "lastSafeDispatch": "2026-06-11",
    }


def test_an_extension_counts_from_the_old_end() -> None:
    found = deadline_of("2026-01-12", extendedByMonths=1)
    assert (found.period_ends, found.ended_before_extension) == (date(2026, 5, 15), date(2026, 4, 15))


def test_without_all_documents_nothing_runs() -> None:
    found = deadline_of("2026-01-12", complete=False)
    assert (found.deemed_received, found.period_ends, found.fiction_from) == (date(2026, 1, 15), None, None)


@pytest.mark.parametrize(
    ("via", "raw", "ends"),
    [
        ("authority", date(2026, 4, 5), date(2026, 4, 7)),
        ("single-contact", date(2026, 4, 8), date(2026, 4, 8)),
    ],
)
def test_the_receipt_of_a_trade_notice_is_confirmed_within_three_days(
    via: str, raw: date, ends: date
) -> None:
    found = deadline_of("2026-04-02", CONFIRMATION, via=via)
    assert (found.raw_end, found.period_ends, found.fiction_from) == (raw, ends, None)


def test_an_instant_belongs_to_the_calendar_day_in_germany() -> None:
    assert deadline_of("2026-07-01T22:30:00Z", via="authority").deemed_received == date(2026, 7, 2)
    assert deadline_of("2026-07-01T23:59:59+02:00", via="authority").deemed_received == date(2026, 7, 1)
    assert deadline_of("2026-07-01T23:59:59Z", via="authority").deemed_received == date(2026, 7, 2)


def test_the_mailbox_announces_on_the_fourth_day_and_on_the_third_before_2025() -> None:
    law = hessian_law()
    assert announced(date(2026, 12, 24), "mailbox", law) == date(2026, 12, 28)
    assert remedy_until(date(2026, 12, 28), law) == date(2027, 1, 28)
    assert announced(date(2024, 12, 24), "mailbox", law) == date(2024, 12, 27)
    assert remedy_until(date(2026, 12, 27), law) == date(2027, 1, 27)


def test_the_last_dispatch_follows_the_rule_in_force_on_that_day() -> None:
    law = hessian_law()
    assert last_dispatches(date(2025, 1, 3), law)["letter"] == date(2024, 12, 31)  # third day, old law
    assert last_dispatches(date(2025, 2, 3), law)["letter"] == date(2025, 1, 30)
    assert last_dispatches(date(2025, 2, 3), law)["handed-over"] == date(2025, 2, 3)


def test_in_2026_the_end_is_moved_for_114_days_of_receipt() -> None:
    year = [
        date.fromordinal(day) for day in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal())
    ]
    found = [deadline_of(day.isoformat()) for day in year]
    assert sum(deadline.raw_end != deadline.period_ends for deadline in found) == 114

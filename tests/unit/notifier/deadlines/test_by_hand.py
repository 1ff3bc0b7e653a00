"""More periods of three months, computed by hand on a calendar of Hessen; each row says what is special about it."""

from datetime import date

import pytest

from services.notifier.domain.deadlines.explain import short, steps
from tests.support.law import deadline_of, hessian_law

BY_HAND = [
    ("leap day", "2027-11-29", "authority", "2028-02-29", "2028-02-29", "2028-03-01", "2028-02-25"),
    ("no 29 February", "2026-11-29", "authority", "2027-02-28", "2027-03-01", "2027-03-02", "2027-02-25"),
    ("31st, a Sunday", "2026-10-31", "authority", "2027-01-31", "2027-02-01", "2027-02-02", "2027-01-28"),
    ("31st, no 31 June", "2026-03-31", "authority", "2026-06-30", "2026-06-30", "2026-07-01", "2026-06-26"),
    ("Himmelfahrt", "2026-02-14", "authority", "2026-05-14", "2026-05-15", "2026-05-16", "2026-05-11"),
    ("Pfingstmontag", "2026-02-25", "authority", "2026-05-25", "2026-05-26", "2026-05-27", "2026-05-22"),
    ("1 May, a Saturday", "2027-02-01", "authority", "2027-05-01", "2027-05-03", "2027-05-04", "2027-04-29"),
    ("3 October", "2026-07-03", "authority", "2026-10-03", "2026-10-05", "2026-10-06", "2026-10-01"),
    ("24 December works", "2026-09-24", "authority", "2026-12-24", "2026-12-24", "2026-12-25", "2026-12-20"),
    ("New Year", "2026-09-28", "single-contact", "2027-01-01", "2027-01-04", "2027-01-05", "2026-12-31"),
    ("31 October works", "2028-07-31", "authority", "2028-10-31", "2028-10-31", "2028-11-01", "2028-10-27"),
    ("1 November works", "2028-08-01", "authority", "2028-11-01", "2028-11-01", "2028-11-02", "2028-10-28"),
    ("6 January works", "2025-10-06", "authority", "2026-01-06", "2026-01-06", "2026-01-07", "2026-01-02"),
]  # fmt: skip
INSTANTS = [
    ("2026-03-28T22:59:59Z", "2026-03-28"),
    ("2026-03-28T23:00:00Z", "2026-03-29"),  # winter time still: midnight
    ("2026-03-29T21:59:59Z", "2026-03-29"),
    ("2026-03-29T22:00:00Z", "2026-03-30"),  # summer time since two o'clock
    ("2026-10-24T22:00:00Z", "2026-10-25"),
    ("2026-10-25T22:59:59Z", "2026-10-25"),  # a day of 25 hours
    ("2026-10-25T23:00:00Z", "2026-10-26"),
    ("2026-12-31T23:59:59+01:00", "2026-12-31"),
    ("2026-12-31T23:59:59+00:00", "2027-01-01"),
    ("2026-12-31T23:59:59.999+01:00", "2026-12-31"),
    ("2026-12-31T23:59:59.999999999+01:00", "2026-12-31"),  # never rounded up
    ("2026-12-31T24:00:00+01:00", "2027-01-01"),  # ISO 8601: the same instant as 0:00 of the next day
    ("2026-12-30T24:00Z", "2026-12-31"),
    ("2028-02-28 24:00:00,000", "2028-02-29"),
]


@pytest.mark.parametrize("row", BY_HAND, ids=[row[0] for row in BY_HAND])
def test_three_months_as_computed_by_hand(row: tuple[str, ...]) -> None:
    _, received, via, *days = row
    found = short(deadline_of(received, via=via))
    assert [found[name] for name in ("rawEnd", "periodEnds", "fictionFrom", "lastSafeDispatch")] == days


@pytest.mark.parametrize(("received", "day"), INSTANTS)
def test_the_day_of_receipt_is_the_one_on_a_clock_in_berlin(received: str, day: str) -> None:
    assert deadline_of(received, via="authority").deemed_received == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("months", "raw", "ends"),
    [
        (1, "2026-04-02", "2026-04-02"),
        (2, "2026-05-02", "2026-05-04"),
        (3, "2026-06-02", "2026-06-02"),
        (5, "2026-08-02", "2026-08-03"),
    ],
)
def test_an_end_that_was_moved_is_extended_from_where_it_was_moved_to(
    months: int, raw: str, ends: str
) -> None:
    """§ 190 BGB; the old end is Monday, 2 March, because 28 February 2026 is a Saturday."""
    found = deadline_of("2025-11-25", extendedByMonths=months)
    assert (str(found.raw_end), str(found.period_ends)) == (raw, ends)


def test_a_month_after_the_last_day_of_a_month_can_end_on_a_last_day_and_no_fiction_is_told_before() -> None:
    """§ 190, § 187 Abs. 2 BGB; the old end is Thursday, 30 April 2026, and 31 May is a Sunday."""
    found = deadline_of("2026-01-28", extendedByMonths=2)
    assert (str(found.period_ends), str(found.latest_end)) == ("2026-06-30", "2026-06-30")
    found = deadline_of("2026-01-28", extendedByMonths=3)
    assert (str(found.period_ends), str(found.latest_end)) == ("2026-07-30", "2026-07-31")
    told = {step.paragraph: step.text for step in steps(found, hessian_law(), "en")}
    assert "only on Friday, 31 July 2026" in told["§ 190, § 187 Abs. 2, § 188 Abs. 2 BGB"]
    assert "§ 190, § 187 Abs. 2, § 188 Abs. 2 BGB" not in {
        step.paragraph for step in steps(deadline_of("2026-01-28"), hessian_law())
    }


def test_of_an_extended_period_both_ends_and_why_each_was_moved_are_explained() -> None:
    found = deadline_of("2025-11-25", extendedByMonths=2)
    told = [(str(step.day), step.paragraph) for step in steps(found, hessian_law())]
    basis, moved = found.profile.legal_basis, "§ 31 Abs. 3 VwVfG, § 193 BGB"
    assert told[3:7] == [
        ("2026-02-28", "§ 188 Abs. 2, 3 BGB"),
        ("2026-03-02", moved),
        ("2026-05-02", f"{basis}, § 190 BGB"),
        ("2026-05-04", moved),
    ]

"""Times as people read them name their zone; machine formats stay UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.adapters.http.page import verify
from shared.local_time import letter_day, letter_time, local_day, local_time, utc

INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants bounds without a zone


def test_the_two_hours_of_one_name_in_october_are_told_apart() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert letter_time(first) == "25. Oktober 2026, 02:30 Uhr (MESZ)"
    assert letter_time(second) == "25. Oktober 2026, 02:30 Uhr (MEZ)"
    assert local_time(first) == "25.10.2026, 02:30 MESZ"
    assert local_time(second, "en", seconds=True) == "25/10/2026, 02:30:00 CET"


@pytest.mark.parametrize(
    ("instant", "german", "english"),
    [
        (
            datetime(2026, 7, 1, 22, 30, tzinfo=UTC),
            "2. Juli 2026, 00:30 Uhr (MESZ)",
            "2 July 2026, 00:30 (CEST)",
        ),
        (
            datetime(2026, 1, 12, 9, 30, tzinfo=UTC),
            "12. Januar 2026, 10:30 Uhr (MEZ)",
            "12 January 2026, 10:30 (CET)",
        ),
    ],
)
def test_a_day_is_the_day_in_berlin(instant: datetime, german: str, english: str) -> None:
    assert letter_time(instant, "de") == german
    assert letter_time(instant, "en") == english


@given(INSTANTS, st.integers(-12, 12), st.sampled_from(["de", "en"]))
def test_an_instant_reads_the_same_from_every_zone_and_names_its_own(
    at: datetime, hours: int, language: str
) -> None:
    elsewhere = at.astimezone(timezone(timedelta(hours=hours)))
    read = local_time(elsewhere, "de" if language == "de" else "en")
    assert read == local_time(at, "de" if language == "de" else "en")
    assert read.rsplit(" ", 1)[1] in ({"MEZ", "MESZ"} if language == "de" else {"CET", "CEST"})
    assert utc(elsewhere) == f"{at:%Y-%m-%dT%H:%M:%SZ}"


@given(st.datetimes(datetime(1996, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - as above
def test_the_verifier_for_strangers_counts_summer_time_as_everybody_does(at: datetime) -> None:
    assert verify.local_time(at, 0) == local_time(at, "de", seconds=True)
    assert verify.local_time(at, 1) == local_time(at, "en", seconds=True)


def test_an_instant_without_its_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        local_time(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_days_have_no_zone() -> None:
    assert local_day(date(2026, 3, 1)) == "01.03.2026"
    assert local_day(date(2026, 3, 1), "en") == "01/03/2026"
    assert letter_day(date(2026, 1, 15), weekday=True) == "Donnerstag, 15. Januar 2026"

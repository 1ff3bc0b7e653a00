from datetime import UTC, datetime

import pytest

from services.notifier.domain.spoken import say_instant


def test_the_two_hours_of_one_name_in_october_are_told_apart() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert say_instant(first, "de") == "25. Oktober 2026, 02:30 Uhr (MESZ)"
    assert say_instant(second, "de-simple") == "25. Oktober 2026, 02:30 Uhr (MEZ)"
    assert say_instant(first, "en") != say_instant(second, "en")


@pytest.mark.parametrize(
    ("instant", "german"),
    [
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "2. Juli 2026, 00:30 Uhr (MESZ)"),
        (datetime(2026, 1, 12, 9, 30, tzinfo=UTC), "12. Januar 2026, 10:30 Uhr (MEZ)"),
    ],
)
def test_a_day_is_the_day_in_berlin(instant: datetime, german: str) -> None:
    assert say_instant(instant, "de") == german

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.deadlines.compute import compute
from services.notifier.domain.deadlines.explain import document
from services.notifier.domain.deadlines.inquiry import FIELDS, BadDeadlineInquiry, read_deadline_inquiry
from shared.local_time import CIVIL_TIME
from tests.support.law import FICTION, deadline_of, hessian_law

pytestmark = pytest.mark.slow

DAYS = st.dates(date(2010, 1, 1), date(2090, 12, 31))
SERVICES = sorted(hessian_law().services)


@given(DAYS, st.integers(0, 12))
def test_a_period_ends_on_a_working_day_and_never_before_its_raw_end(day: date, months: int) -> None:
    found = deadline_of(day.isoformat(), extendedByMonths=months)
    assert found.period_ends is not None
    assert found.raw_end is not None
    assert hessian_law().calendar.works(found.period_ends)
    assert found.raw_end <= found.period_ends <= found.raw_end + timedelta(days=6)


@given(DAYS)
def test_a_later_receipt_never_ends_earlier(day: date) -> None:
    earlier, later = deadline_of(day.isoformat()), deadline_of((day + timedelta(days=1)).isoformat())
    assert earlier.period_ends is not None
    assert later.period_ends is not None
    assert earlier.period_ends <= later.period_ends


@given(DAYS, st.integers(1, 12))
def test_an_extension_never_ends_before_the_old_end(day: date, months: int) -> None:
    old, new = deadline_of(day.isoformat()), deadline_of(day.isoformat(), extendedByMonths=months)
    assert new.ended_before_extension == old.period_ends
    assert old.period_ends is not None
    assert new.period_ends is not None
    assert old.period_ends < new.period_ends


@given(DAYS, st.sampled_from(["single-contact", "authority"]))
def test_the_strictest_reading_is_never_later_than_the_likely_one(day: date, via: str) -> None:
    found = deadline_of(day.isoformat(), via=via)
    assert found.careful is not None
    assert found.last_safe_dispatch is not None
    assert found.careful <= found.last_safe_dispatch


@given(st.datetimes(datetime(2010, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive
def test_the_offset_of_an_instant_changes_nothing(instant: datetime) -> None:
    assert (
        deadline_of(instant.isoformat()).deemed_received
        == deadline_of(instant.astimezone(CIVIL_TIME).isoformat()).deemed_received
    )


@pytest.mark.parametrize(
    ("received", "day"),
    [
        ("2026-07-01T23:59:59+02:00", "2026-07-01"),
        ("2026-07-01T23:59:59Z", "2026-07-02"),  # two hours later it is the next day in Berlin
        ("2026-07-01T21:59:59Z", "2026-07-01"),
        ("2026-01-12T23:59:59+01:00", "2026-01-12"),
        ("2026-01-12T23:59:59-05:00", "2026-01-13"),
        ("2028-02-29T23:59:59+01:00", "2028-02-29"),
        ("2026-10-25T02:30:00+02:00", "2026-10-25"),  # the hour that comes twice
        ("2026-10-25T02:30:00+01:00", "2026-10-25"),
        ("2026-03-29T02:30:00", "2026-03-29"),  # the hour that never comes
        ("2026-07-01t23:59:59z", "2026-07-02"),  # RFC 3339 section 5.6
        ("2026-07-01 23:59:59+00", "2026-07-02"),  # as databases write it
    ],
)
def test_the_day_of_receipt_is_the_calendar_day_in_germany(received: str, day: str) -> None:
    assert deadline_of(received).inquiry.received_on == date.fromisoformat(day)


@given(DAYS, st.sampled_from(SERVICES), st.booleans())
def test_every_service_has_an_answer_that_explains_itself(day: date, service: str, complete: bool) -> None:  # noqa: FBT001 - drawn
    fields = {"service": service, "receivedAt": day.isoformat(), "complete": complete}
    try:
        found = compute(read_deadline_inquiry(fields), hessian_law())
    except BadDeadlineInquiry as bad:
        assert bad.field == "profile"  # noqa: PT017 - before the paragraph was in force
        assert day.year < 2019
    else:
        assert all(step["paragraph"] for step in document(found, hessian_law())["steps"])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text("a0-T:Z+. \x00٣", max_size=12),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.booleans())
def test_any_inquiry_is_answered_or_refused_by_field(fields: dict[str, object], sound: bool) -> None:  # noqa: FBT001 - drawn
    asked = {"profile": FICTION, "receivedAt": "2026-01-12", **fields} if sound else fields
    try:
        compute(read_deadline_inquiry(asked), hessian_law())
    except BadDeadlineInquiry as bad:
        assert bad.field in FIELDS  # noqa: PT017 - either is right

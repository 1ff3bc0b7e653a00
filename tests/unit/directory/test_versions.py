"""Which version is in force when: the same for everybody who has read the same records."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.directory.versions import LEAST_LEAD, NotFollowed, UnknownVersion, Versions
from shared.events.directory import DirectoryChanged
from tests.support.directories import nordmark_change

NOON = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST = Versions().followed_by(nordmark_change(effective_from=NOON), recorded_at=NOON)


def then(
    versions: Versions, *, name: str, effective_from: datetime, recorded_at: datetime | None = None
) -> Versions:
    """One more version, in which a place has one more name."""
    change = nordmark_change(versions, name=name, effective_from=effective_from)
    return versions.followed_by(change, recorded_at=recorded_at or effective_from - HOUR)


def test_a_version_decides_from_its_instant_on_and_not_a_moment_earlier() -> None:
    both = then(FIRST, name="Hafenstadt", effective_from=NOON + HOUR)
    moment = timedelta(microseconds=1)
    assert both.at(NOON + HOUR - moment) == FIRST.newest
    assert both.at(NOON + HOUR) == both.newest


def test_the_first_version_also_counts_for_the_time_before_it() -> None:
    assert FIRST.at(NOON - 1000 * HOUR) == FIRST.newest


def test_a_later_change_that_takes_force_earlier_takes_the_place_of_the_pending_one() -> None:
    planned = then(FIRST, name="Hafenstadt", effective_from=NOON + 24 * HOUR)
    urgent = then(planned, name="Hafenort", effective_from=NOON + HOUR)
    assert [v.id for v in planned.pending(NOON)] == [planned.newest.id]
    assert [v.id for v in urgent.pending(NOON)] == [urgent.newest.id]
    assert urgent.at(NOON + 25 * HOUR) == urgent.newest


def test_what_will_take_force_is_listed_in_that_order() -> None:
    one = then(FIRST, name="Hafenstadt", effective_from=NOON + 2 * HOUR)
    two = then(one, name="Hafenort", effective_from=NOON + 4 * HOUR)
    assert [v.id for v in two.pending(NOON + HOUR)] == [one.newest.id, two.newest.id]
    assert [v.id for v in two.pending(NOON + 3 * HOUR)] == [two.newest.id]


@given(st.lists(st.integers(min_value=1, max_value=50), max_size=4), st.integers(min_value=-10, max_value=60))
def test_a_later_record_never_changes_which_version_decides_an_earlier_instant(
    hours: list[int], asked: int
) -> None:
    """Not for what can have been received before it was recorded."""
    versions, instant = FIRST, NOON + asked * HOUR
    for number, hour in enumerate(hours):
        effective = NOON + hour * HOUR
        later = then(versions, name=f"Ort{number}", effective_from=effective, recorded_at=effective - HOUR)
        if instant < effective:
            assert later.at(instant).id == versions.at(instant).id
        versions = later


@given(
    st.lists(st.integers(min_value=1, max_value=9), max_size=5),
    st.integers(min_value=0, max_value=10),
    st.integers(min_value=0, max_value=10),
)
def test_what_is_in_force_and_what_is_pending_tell_all_that_is_to_come(
    hours: list[int], asked: int, wait: int
) -> None:
    versions, now = FIRST, NOON + asked * HOUR
    for number, hour in enumerate(hours):
        versions = then(versions, name=f"Ort{number}", effective_from=NOON + hour * HOUR)
    later = now + wait * HOUR
    told = [v for v in (versions.at(now), *versions.pending(now)) if v.effective_from <= later]
    assert told[-1].id == versions.at(later).id


def test_a_change_that_starts_from_another_version_is_passed_over() -> None:
    sibling = nordmark_change(FIRST, name="Hafenort", effective_from=NOON + HOUR)
    both = then(FIRST, name="Hafenstadt", effective_from=NOON + HOUR)
    with pytest.raises(NotFollowed, match=f"starts from version {FIRST.newest.id}, the newest is"):
        both.followed_by(sibling, recorded_at=NOON)


def test_a_second_first_version_is_passed_over() -> None:
    with pytest.raises(NotFollowed, match="starts from version None"):
        FIRST.followed_by(nordmark_change(effective_from=NOON + HOUR), recorded_at=NOON)


def test_a_change_of_another_land_is_passed_over() -> None:
    foreign = nordmark_change(FIRST, name="Hafenort", effective_from=NOON + HOUR)
    with pytest.raises(NotFollowed, match="of Land 02, this is Land 01"):
        FIRST.followed_by(foreign.model_copy(update={"land": "02"}), recorded_at=NOON)


def test_a_change_that_is_recorded_in_time_is_followed() -> None:
    change = nordmark_change(FIRST, name="Hafenort", effective_from=NOON + HOUR)
    versions = FIRST.followed_by(change, recorded_at=NOON + HOUR - LEAST_LEAD)
    assert versions.newest.id == change.result


def test_a_change_that_is_recorded_too_late_is_passed_over() -> None:
    change = nordmark_change(FIRST, name="Hafenort", effective_from=NOON + HOUR)
    with pytest.raises(NotFollowed, match="too late"):
        FIRST.followed_by(change, recorded_at=NOON + HOUR - LEAST_LEAD + timedelta(milliseconds=1))


def test_a_change_that_does_not_lead_where_it_says_is_passed_over() -> None:
    change: DirectoryChanged = nordmark_change(FIRST, name="Hafenort", effective_from=NOON + HOUR)
    with pytest.raises(NotFollowed, match="do not lead to version 0"):
        FIRST.followed_by(change.model_copy(update={"result": "0" * 64}), recorded_at=NOON)


def test_a_version_is_found_by_how_it_begins() -> None:
    both = then(FIRST, name="Hafenstadt", effective_from=NOON + HOUR)
    assert both.find(FIRST.newest.id[:8]) == FIRST.newest


@pytest.mark.parametrize(("beginning", "problem"), [("zz", "no version begins so"), ("", "several versions")])
def test_an_unknown_version_is_answered_with_those_that_are_known(beginning: str, problem: str) -> None:
    both = then(FIRST, name="Hafenstadt", effective_from=NOON + HOUR)
    with pytest.raises(UnknownVersion, match=f"{problem}.*{FIRST.newest.id}, {both.newest.id}"):
        both.find(beginning)

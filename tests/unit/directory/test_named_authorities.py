"""Who needs access: whoever a published directory names, before it takes force, and nobody who has ended."""

from datetime import UTC, datetime, timedelta

from amtsweg.authority_access import named_by
from services.router.domain.directory.changeset import difference
from services.router.domain.directory.versions import Versions
from tests.support.directories import NORDMARK_PROVENANCE, nordmark_change

NOON = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST = Versions().followed_by(nordmark_change(effective_from=NOON), recorded_at=NOON)
NEW = "hwk-nordmark"


def with_a_new_one() -> Versions:
    """A version that takes force in an hour names a chamber that was not there."""
    old = FIRST.newest.tables
    new = dict(old)
    new["authorities"] += f"{NEW},hwk,Handwerkskammer Nordmark,Hafen,,,,erfunden,yes\n"
    change = difference(
        old,
        new,
        land="01",
        name="Nordmark",
        effective_from=NOON + HOUR,
        reason="erfunden",
        provenance=NORDMARK_PROVENANCE,
    )
    return FIRST.followed_by(change, recorded_at=NOON - HOUR)


def test_every_newly_competent_authority_is_named_before_the_change_takes_effect() -> None:
    assert NEW not in named_by(FIRST, NOON)
    assert named_by(with_a_new_one(), NOON) == named_by(FIRST, NOON) | {NEW}


def test_who_begins_later_is_named_and_who_has_ended_is_not() -> None:
    merged, former = "g-01051003", "g-01051001"

    assert {merged, former} <= named_by(FIRST, NOON)
    assert named_by(FIRST, datetime(2030, 1, 2, tzinfo=UTC)) & {merged, former} == {merged}


def test_a_land_without_a_directory_names_nobody() -> None:
    assert named_by(Versions(), NOON) == frozenset()

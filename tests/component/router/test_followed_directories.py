"""What a router's view of the directory answers once it has been read; the reading is tried on real Kafka."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest

from services.router.adapters.directory_topic import FollowedDirectories
from services.router.domain.directory.changeset import difference
from services.router.domain.directory.model import Directory
from services.router.domain.directory.versions import Versions
from shared.errors import Unavailable
from shared.events.directory import DirectoryChanged
from shared.kafka.client import KafkaAddress
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry
from tests.support.directories import NORDMARK_PROVENANCE, NORDMARK_TABLES, nordmark_change

NOON = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def there_and_back() -> Versions:
    """From the first version to another one at 11 o'clock, and back at 12."""
    one = Versions().followed_by(nordmark_change(effective_from=NOON), recorded_at=NOON)
    change = nordmark_change(one, name="Hafenort", effective_from=NOON + HOUR)
    two = one.followed_by(change, recorded_at=NOON)
    return two.followed_by(change_to(NORDMARK_TABLES, two, effective_from=NOON + 2 * HOUR), recorded_at=NOON)


def change_to(
    tables: Mapping[str, str], versions: Versions | None, *, effective_from: datetime
) -> DirectoryChanged:
    return difference(
        versions.newest.tables if versions else {},
        tables,
        land="01",
        name="Nordmark",
        effective_from=effective_from,
        reason="erfunden",
        provenance=NORDMARK_PROVENANCE,
    )


async def known(
    versions: Versions, *, now: datetime, on_directory: Callable[[Directory], None] = lambda _: None
) -> tuple[FollowedDirectories, Condition]:
    condition = Condition()
    directories = FollowedDirectories(
        KafkaAddress(bootstrap="nowhere"),
        condition=condition,
        telemetry=Telemetry(),
        on_directory=on_directory,
        clock=lambda: now,
        seconds=lambda: 0.0,
    )
    await directories.know(versions, asked=0.0, now=now)
    return directories, condition


@pytest.mark.parametrize(
    ("hours", "number"),
    [(-1000, 0), (0, 0), (0.999, 0), (1, 1), (1.999, 1), (2, 2), (2.999, 2)],
)
async def test_each_instant_has_the_version_that_was_in_force(hours: float, number: int) -> None:
    versions = there_and_back()
    directories, _ = await known(versions, now=NOON + 3 * HOUR)
    assert directories.at(NOON + hours * HOUR).directory.version == versions.published[number].id


async def test_a_submission_is_decided_by_the_version_of_the_day_it_was_received() -> None:
    versions = there_and_back()
    later = NOON + 100 * HOUR
    directories, _ = await known(versions, now=later)
    with pytest.raises(Unavailable, match="is being built; try again"):
        directories.at(NOON + 1.5 * HOUR)
    await directories.know(versions, asked=0.0, now=later)
    assert directories.at(NOON + 1.5 * HOUR).directory.version == versions.published[1].id
    assert directories.at(NOON).directory.version == versions.published[0].id


async def test_a_version_of_long_ago_is_built_once_however_long_its_backlog_takes() -> None:
    versions, built = there_and_back(), list[Directory]()
    directories, _ = await known(versions, now=NOON + 100 * HOUR, on_directory=built.append)
    with suppress(Unavailable):
        directories.at(NOON + 1.5 * HOUR)
    for _ in range(3):
        await directories.know(versions, asked=0.0, now=NOON + 100 * HOUR)
        directories.at(NOON + 1.5 * HOUR)
    assert len(built) == 2


async def test_partitions_that_want_many_old_versions_all_go_on() -> None:
    """A week's outage with a change each day: each partition asks again and again for the version of its day."""
    versions, changes = there_and_back(), 12
    for number in range(changes):
        change = nordmark_change(
            versions, name=f"Hafenort {number}", effective_from=NOON + (3 + number) * HOUR
        )
        versions = versions.followed_by(change, recorded_at=NOON)
    later, built = NOON + 1000 * HOUR, list[Directory]()
    directories, _ = await known(versions, now=later, on_directory=built.append)
    waiting = {NOON + (3 + number) * HOUR for number in range(changes - 1)}
    for _ in range(len(waiting)):
        for instant in waiting:
            with suppress(Unavailable):
                directories.at(instant)
        await directories.know(versions, asked=0.0, now=later)
    decided_by = {directories.at(instant).directory.version for instant in waiting}
    assert len(decided_by) == len(waiting)
    assert len(built) == len(waiting) + 1


async def test_all_that_takes_long_is_built_while_the_event_loop_serves_others() -> None:
    """Each step is tried beside a task that counts: on the event loop it could not count before the step is over."""
    versions, later, day = there_and_back(), NOON + 100 * HOUR, date(2029, 3, 1)
    beats = 0

    async def beating() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    others = asyncio.ensure_future(beating())
    directories, _ = await known(versions, now=later)
    steps: list[Callable[[], object]] = [
        lambda: directories.at(NOON + 1.5 * HOUR),
        lambda: directories.at(later, on=day),
    ]
    for step in steps:
        with pytest.raises(Unavailable, match="try again"):
            step()
        before = beats
        await directories.know(versions, asked=0.0, now=later)
        assert beats > before
        step()
    before = beats
    await directories.prepare(date(2031, 3, 1))
    assert beats > before
    others.cancel()


async def test_who_is_answered_finds_everything_built() -> None:
    versions = there_and_back()
    directories, _ = await known(versions, now=NOON + 3 * HOUR)
    resolver = directories.at(NOON + 3 * HOUR)
    near = [(NOON + days * 24 * HOUR).date() for days in (-1, 0, 1)]
    assert [resolver.is_ready(day) for day in near] == [True, True, True]
    far = date(2029, 3, 1)
    assert not resolver.is_ready(far)
    await directories.prepare(far)
    assert directories.at(NOON + 3 * HOUR, on=far).is_ready(far)


async def test_a_pending_version_decides_from_its_instant_on_without_being_read_again() -> None:
    versions = there_and_back()
    switch = NOON + HOUR
    directories, condition = await known(versions, now=switch - timedelta(seconds=1))
    assert directories.at(switch - timedelta(microseconds=1)).directory.version == versions.published[0].id
    assert directories.at(switch).directory.version == versions.published[1].id
    assert condition.reason.startswith(f"version {versions.published[0].id[:12]}; from 2026-05-01 11:00:00")


async def test_a_version_in_force_that_this_release_cannot_use_decides_nothing() -> None:
    wider = NORDMARK_TABLES["names"].replace("source\n", "source,later\n", 1)
    change = change_to({**NORDMARK_TABLES, "names": wider}, None, effective_from=NOON)
    versions = Versions().followed_by(change, recorded_at=NOON)
    directories, condition = await known(versions, now=NOON)
    assert condition.standing == "unready"
    assert "cannot be used here: names, line 1: the header must be" in condition.reason
    with pytest.raises(Unavailable, match="start the release that published it, or a newer one"):
        directories.at(NOON)

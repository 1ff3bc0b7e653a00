"""What `apply` publishes, and what it refuses: before anything is published."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amtsweg.directory.proposal import Proposal, first, planned
from amtsweg.directory.published import ChangeRefused
from services.router.adapters.directory_files import load, write
from services.router.domain.directory.tables import BrokenDirectory
from services.router.domain.directory.versions import LEAD, Versions
from tests.support.directories import NORDMARK, nordmark_change

NOW = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)
FIRST = Versions().followed_by(first(NORDMARK, now=NOW), recorded_at=NOW)


def pending() -> Versions:
    """A change that takes force in an hour is published."""
    change = nordmark_change(FIRST, name="Hafenstadt", effective_from=NOW + timedelta(hours=1))
    return FIRST.followed_by(change, recorded_at=NOW)


@pytest.fixture
def change(tmp_path: Path) -> Path:
    """The first version as it is exported, with one more name for the port."""
    folder = tmp_path / "change"
    write(FIRST.newest, folder)
    names = folder / "names.csv"
    names.write_text(names.read_text(encoding="utf-8") + "01001000,Hafenort,erfunden\n", encoding="utf-8")
    return folder


def plan(
    folder: Path,
    versions: Versions = FIRST,
    *,
    at: datetime = SOON,
    parent: str | None = None,
    withdraw: bool = False,
) -> Versions:
    proposal = Proposal.of_folder(folder, parent=parent)
    planned_change = planned(
        proposal, versions, effective_from=at, reason="erfunden", now=NOW, withdraw=withdraw
    )
    return versions.followed_by(planned_change, recorded_at=NOW)


def test_an_exported_version_is_the_directory_that_it_was_exported_from(tmp_path: Path) -> None:
    write(FIRST.newest, tmp_path / "export")
    assert load(tmp_path / "export").version == FIRST.newest.id == load(NORDMARK).version


def test_an_export_does_not_overwrite_a_change_in_progress(change: Path) -> None:
    with pytest.raises(FileExistsError):
        write(FIRST.newest, change)


def test_a_change_holds_the_lines_that_differ_and_is_followed(change: Path) -> None:
    newest = plan(change).newest
    (names,) = newest.change.tables
    assert names.added == ("01001000,Hafenort,erfunden",)
    assert newest.effective_from == SOON


def test_a_change_may_hold_only_the_tables_that_change(change: Path) -> None:
    for file in change.iterdir():
        if file.name not in {"names.csv", "manifest.toml"}:
            file.unlink()
    assert [table.table for table in plan(change).newest.change.tables] == ["names"]


def test_a_change_without_manifest_needs_its_parent_named(change: Path) -> None:
    (change / "manifest.toml").unlink()
    with pytest.raises(ChangeRefused, match=f"does not say.*{FIRST.newest.id}.*--parent"):
        plan(change)
    for named in (FIRST.newest.id, FIRST.newest.id[:12]):
        assert plan(change, parent=named).newest.change.parent == FIRST.newest.id
    with pytest.raises(ChangeRefused, match="was made from version"):
        plan(change, parent=FIRST.newest.id[:5])


def test_a_change_from_a_version_that_is_no_longer_the_newest_is_refused(change: Path) -> None:
    newest = pending()
    with pytest.raises(ChangeRefused, match=f"but the newest is {newest.newest.id} .*export that one"):
        plan(change, newest, at=NOW + timedelta(hours=2))


def test_a_change_needs_two_minutes(change: Path) -> None:
    assert plan(change, at=NOW + LEAD).newest.effective_from == NOW + LEAD
    with pytest.raises(ChangeRefused, match=r"too soon.*2026-05-01T10:02:00Z is the earliest"):
        plan(change, at=NOW + LEAD - timedelta(milliseconds=1))


def test_a_change_that_changes_nothing_is_refused(change: Path) -> None:
    write(FIRST.newest, change.with_name("same"))
    with pytest.raises(ChangeRefused, match="nothing changes"):
        plan(change.with_name("same"))


def test_a_change_that_would_bring_a_pending_one_forward_is_refused(change: Path) -> None:
    versions = pending()
    write(versions.newest, change.with_name("next"))
    with pytest.raises(ChangeRefused, match="would bring it forward"):
        plan(change.with_name("next"), versions)


def test_a_pending_change_is_withdrawn_on_demand_and_never_takes_force(change: Path) -> None:
    versions = plan(change, pending(), withdraw=True)
    newest = versions.newest
    (names,) = newest.change.tables
    assert (names.removed, names.added) == (
        ("01001000,Hafenstadt,erfunden",),
        ("01001000,Hafenort,erfunden",),
    )
    assert versions.at(NOW + timedelta(hours=2)) == newest


def test_a_withdrawal_comes_before_what_it_withdraws(change: Path) -> None:
    with pytest.raises(ChangeRefused, match="choose an instant before"):
        plan(change, pending(), at=NOW + timedelta(hours=2), withdraw=True)


def test_nothing_is_applied_before_the_first_version(change: Path) -> None:
    with pytest.raises(ChangeRefused, match="amtsweg directory seed"):
        plan(change, Versions())


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("competences.csv", "2027-12-31", "2028-06-30", "overlap"),
        ("competences.csv", "2027-12-31", "2027-12-30", "says nothing on the days"),
        ("areas.csv", "g-01001000", "g-01001009", "g-01001009"),
        (
            "manifest.toml",
            'licence = "CC0-1.0"',
            'licence = "secret"',
            "licence 'secret' is none that we may",
        ),
    ],
)
def test_a_change_that_breaks_the_directory_is_refused_and_says_where(
    change: Path, file: str, old: str, new: str, problem: str
) -> None:
    text = (change / file).read_text(encoding="utf-8")
    assert old in text
    (change / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BrokenDirectory, match=problem):
        plan(change)


def test_a_folder_without_a_table_is_no_change(tmp_path: Path) -> None:
    with pytest.raises(BrokenDirectory, match="holds no table"):
        plan(tmp_path)

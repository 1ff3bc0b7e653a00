from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.domain.directory.changeset import apply, difference
from services.router.domain.directory.parse import parse_directory
from services.router.domain.directory.tables import COLUMNS, BrokenDirectory, version
from shared.events.directory import DirectoryChanged
from tests.support.directories import NORDMARK_PROVENANCE, NORDMARK_TABLES

TABLES = dict(NORDMARK_TABLES)


def grown() -> dict[str, str]:
    return TABLES | {"names": f"{TABLES['names']}01001000,Hafenstadt,erfunden\n"}


def change(new: dict[str, str], *, old: dict[str, str] = TABLES) -> DirectoryChanged:
    return difference(
        old,
        new,
        land="01",
        name="Nordmark",
        effective_from=datetime(2026, 5, 1, 10, 0, tzinfo=UTC),
        reason="erfunden",
        provenance=NORDMARK_PROVENANCE,
    )


def test_a_change_set_holds_only_the_lines_that_differ() -> None:
    (names,) = change(grown()).tables
    assert (names.table, names.removed, names.added) == ("names", (), ("01001000,Hafenstadt,erfunden",))


def test_a_change_set_names_the_versions_it_leads_from_and_to() -> None:
    step = change(grown())
    assert (step.parent, step.result) == (version("01", TABLES), version("01", grown()))


def test_the_first_change_set_has_no_parent_and_holds_every_line() -> None:
    first = change(TABLES, old={})
    assert first.parent is None
    assert (
        parse_directory("01", "Nordmark", apply(first, {})).version == first.result == version("01", TABLES)
    )


def test_a_change_set_survives_the_wire() -> None:
    step = change(grown())
    assert DirectoryChanged.from_json(step.to_json()) == step


@settings(deadline=None)
@given(st.sampled_from(sorted(COLUMNS)), st.data())
def test_applying_a_difference_gives_the_other_version(table: str, data: st.DataObject) -> None:
    header, *lines = TABLES[table].splitlines()
    kept = data.draw(st.lists(st.sampled_from(lines), unique=True)) if lines else []
    come = data.draw(st.lists(st.from_regex(r"\A[a-z]{1,8}\Z"), max_size=3))
    columns = data.draw(st.sampled_from((header, f"{header},later")))
    new = TABLES | {table: "".join(f"{line}\n" for line in (columns, *kept, *come))}
    step = change(new)
    assert version("01", apply(step, TABLES)) == step.result == version("01", new)


def test_a_change_set_applied_to_other_tables_is_refused() -> None:
    with pytest.raises(BrokenDirectory, match="do not lead to version"):
        apply(change(grown()), grown())


def test_a_change_set_that_does_not_lead_where_it_says_is_refused() -> None:
    with pytest.raises(BrokenDirectory, match="do not lead to version 0"):
        apply(change(grown()).model_copy(update={"result": "0" * 64}), TABLES)


def test_the_order_of_lines_is_no_change() -> None:
    header, *lines = TABLES["names"].splitlines()
    turned = TABLES | {"names": "".join(f"{line}\n" for line in (header, *reversed(lines)))}
    assert change(turned).tables == ()
    assert version("01", turned) == version("01", TABLES)


@pytest.mark.parametrize(
    ("table", "text", "problem"),
    [
        ("holidays", "day\n", "holidays: this release knows no such table"),
        (
            "names",
            TABLES["names"].replace("source\n", "source,later\n", 1),
            "names, line 1: the header must be",
        ),
    ],
)
def test_tables_of_a_later_release_are_a_version_that_this_one_does_not_build(
    table: str, text: str, problem: str
) -> None:
    later = TABLES | {table: text}
    assert version("01", later) != version("01", TABLES)
    with pytest.raises(BrokenDirectory, match=problem):
        parse_directory("01", "Nordmark", later)

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.adapters.directory_files import read_tables
from services.router.domain.change import ChangeSet, apply, difference
from services.router.domain.tables import COLUMNS, BrokenDirectory, version
from tests.support.directories import NORDMARK

NOON = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
TABLES = read_tables(NORDMARK)


def grown() -> dict[str, str]:
    return TABLES | {"names": f"{TABLES['names']}01001000,Hafenstadt,erfunden\n"}


def change(new: dict[str, str]) -> ChangeSet:
    return difference(TABLES, new, land="01", effective_from=NOON)


def test_a_change_set_holds_only_the_lines_that_differ() -> None:
    (names,) = change(grown()).tables
    assert (names.table, names.removed, names.added) == ("names", (), ("01001000,Hafenstadt,erfunden",))


def test_a_change_set_names_the_versions_it_leads_from_and_to() -> None:
    step = change(grown())
    assert (step.parent, step.result) == (version("01", TABLES), version("01", grown()))


@settings(deadline=None)
@given(st.sampled_from(sorted(COLUMNS)), st.data())
def test_applying_a_difference_gives_the_other_version(table: str, data: st.DataObject) -> None:
    header, *lines = TABLES[table].splitlines()
    kept = data.draw(st.lists(st.sampled_from(lines), unique=True)) if lines else []
    come = data.draw(st.lists(st.from_regex(r"\A[a-z]{1,8}\Z"), max_size=3))
    new = TABLES | {table: "".join(f"{line}\n" for line in (header, *kept, *come))}
    step = change(new)
    assert version("01", apply(step, TABLES)) == step.result == version("01", new)


def test_a_change_set_that_starts_elsewhere_is_refused() -> None:
    with pytest.raises(BrokenDirectory, match="these tables are another"):
        apply(change(grown()), grown())


def test_a_change_set_that_does_not_lead_where_it_says_is_refused() -> None:
    with pytest.raises(BrokenDirectory, match="does not lead to version 0"):
        apply(replace(change(grown()), result="0" * 64), TABLES)


def test_the_order_of_lines_is_no_change() -> None:
    header, *lines = TABLES["names"].splitlines()
    turned = TABLES | {"names": "".join(f"{line}\n" for line in (header, *reversed(lines)))}
    assert change(turned).tables == ()
    assert version("01", turned) == version("01", TABLES)

"""A change of the directory as data: from which version to which, line by line, and from when on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.tables import COLUMNS, BrokenDirectory, version


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """The lines (CSV, without line end) that leave a table and those that come."""

    table: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """One whole step from the version ``parent`` to the version ``result``, in force from an instant on."""

    land: str
    parent: str
    result: str
    effective_from: datetime
    tables: tuple[TableChange, ...]


def difference(
    old: Mapping[str, str], new: Mapping[str, str], *, land: str, effective_from: datetime
) -> ChangeSet:
    """The change set that leads from the tables ``old`` to the tables ``new``."""
    changes = (_table_change(table, old[table], new[table]) for table in sorted(COLUMNS))
    return ChangeSet(
        land=land,
        parent=version(land, old),
        result=version(land, new),
        effective_from=effective_from,
        tables=tuple(change for change in changes if change.removed or change.added),
    )


def apply(change: ChangeSet, texts: Mapping[str, str]) -> dict[str, str]:
    """The tables after the change, not yet checked (`services.router.domain.build`).

    Raises:
        BrokenDirectory: the tables are not those that the change starts from, or the result is not the one
            that it promises.
    """
    if version(change.land, texts) != change.parent:
        raise BrokenDirectory(
            "change set", f"it starts from version {change.parent}, these tables are another"
        )
    changed = dict(texts)
    for step in change.tables:
        header, *lines = texts[step.table].splitlines()
        kept = Counter(lines) - Counter(step.removed) + Counter(step.added)
        changed[step.table] = "".join(f"{line}\n" for line in (header, *sorted(kept.elements())))
    if version(change.land, changed) != change.result:
        raise BrokenDirectory("change set", f"it does not lead to version {change.result}")
    return changed


def _table_change(table: str, old: str, new: str) -> TableChange:
    before, after = Counter(old.splitlines()[1:]), Counter(new.splitlines()[1:])
    return TableChange(
        table=table,
        removed=tuple(sorted((before - after).elements())),
        added=tuple(sorted((after - before).elements())),
    )

"""A change of the directory as data: the lines that lead from one version to the next, and when it takes effect."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from services.router.domain.directory.tables import BrokenDirectory, version
from shared.events.directory import DirectoryChanged, Provenance, TableChanged


def difference(
    old: Mapping[str, str],
    new: Mapping[str, str],
    *,
    land: str,
    name: str,
    effective_from: datetime,
    reason: str,
    provenance: Mapping[str, Provenance],
) -> DirectoryChanged:
    """The change that leads from the tables ``old`` (none: it is the first) to the tables ``new``.

    ``provenance`` is that of the new tables.
    """
    changes = (
        _table_change(table, old.get(table, ""), new[table], provenance[table]) for table in sorted(new)
    )
    return DirectoryChanged(
        land=land,
        name=name,
        parent=version(land, old) if old else None,
        result=version(land, new),
        effective_from=effective_from,
        reason=reason,
        tables=tuple(change for change in changes if change is not None),
    )


def apply(change: DirectoryChanged, texts: Mapping[str, str]) -> dict[str, str]:
    """The tables after the change, not yet checked (`services.router.domain.directory.parse`).

    This does not depend on what a release knows about the tables, so that all releases agree on the result.

    Raises:
        BrokenDirectory: the result is not the version that the change states; the tables may not be those from
            which it starts.
    """
    changed = dict(texts)
    for step in change.tables:
        _, lines = _split(texts.get(step.table, ""))
        kept = Counter(lines) - Counter(step.removed) + Counter(step.added)
        changed[step.table] = "".join(f"{line}\n" for line in (step.columns, *sorted(kept.elements())))
    if version(change.land, changed) != change.result:
        raise BrokenDirectory("change set", f"its lines do not lead to version {change.result}")
    return changed


def _table_change(table: str, old: str, new: str, provenance: Provenance) -> TableChanged | None:
    (former, before), (columns, after) = _split(old), _split(new)
    if former == columns and Counter(before) == Counter(after):
        return None
    return TableChanged(
        table=table,
        columns=columns,
        removed=tuple(sorted((Counter(before) - Counter(after)).elements())),
        added=tuple(sorted((Counter(after) - Counter(before)).elements())),
        provenance=provenance,
    )


def _split(text: str) -> tuple[str, list[str]]:
    """Header and lines."""
    columns, *lines = text.splitlines() or [""]
    return columns, lines

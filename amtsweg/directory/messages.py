"""What `amtsweg directory …` says, line by line."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from amtsweg.directory.exhaustive_check import Move
from amtsweg.directory.published import Reading
from amtsweg.directory.traffic import Diverted
from services.router.domain.directory.model import Directory
from services.router.domain.directory.versions import Version
from shared.events.directory import TableChanged

FEW = 5


def changed_lines(tables: Iterable[TableChanged]) -> Iterator[str]:
    """Every line that goes or comes."""
    for table in tables:
        yield f"{table.table}:"
        for sign, lines in (("-", table.removed), ("+", table.added)):
            yield from (f"  {sign} {line}" for line in lines)


def move_line(move: Move, *, new: Directory) -> str:
    """What goes elsewhere, since when, and where; of many places the first few."""
    areas = ", ".join(new.areas[ags].name if ags in new.areas else ags for ags in move.areas[:FEW])
    rest = f" and {len(move.areas) - FEW} more" if len(move.areas) > FEW else ""
    since = "ever since" if move.since < min(new.boundaries, default=date.min) else f"since {move.since}"
    return f"{move.service}{f' (road: {move.road})' if move.road else ''}: {move.before} -> {move.after} {since}: {areas}{rest}"


def diverted_line(group: Diverted) -> str:
    """Which past submissions would have gone elsewhere."""
    return (
        f"{group.service}: {group.before} -> {group.after}: {group.count} past submissions, "
        f"received {group.first} to {group.last}"
    )


def newcomer_lines(old: Directory, new: Directory) -> Iterator[str]:
    """Authorities that are to be connected before the change takes effect."""
    for authority in sorted(new.authorities.keys() - old.authorities.keys()):
        yield f"{authority} is new: provision it first; until then its submissions are parked"


def postcode_lines(old: Directory, new: Directory) -> Iterator[str]:
    """Postcodes that lead nowhere any more."""
    for postcode in sorted(old.postcodes.keys() - new.postcodes.keys()):
        names = ", ".join(old.areas[pair.ags].name for pair in old.postcodes[postcode])
        yield f"{postcode} leads nowhere any more; until now: {names}"


def version_lines(reading: Reading, *, now: datetime) -> Iterator[str]:
    """What is published, what is in force, and what was recorded but every router ignores."""
    versions = reading.versions
    force = versions.at(now) if versions.published else None
    pending = versions.pending(now)
    for version in versions.published:
        standing = "  in force" if version is force else "  pending" if version in pending else ""
        yield f"{version.id}  from {version.effective_from.isoformat()}{standing}"
        yield f"    {version.change.reason}; {_counted(version.change.tables)}"
    for record in reading.passed_over:
        yield f"record {record.offset} is ignored by every router: {record.reason}"


def applied_lines(version: Version) -> Iterator[str]:
    """What was published, and who follows it."""
    yield from changed_lines(version.change.tables)
    yield f"published: version {version.id}, in force from {version.effective_from.isoformat()}"
    yield "followed by: every router on its own, within 30 s; its /health/ready then names the version"
    yield "on record:   one leaf of the audit log"


def _counted(tables: Iterable[TableChanged]) -> str:
    return ", ".join(f"{table.table} -{len(table.removed)} +{len(table.added)}" for table in tables)

"""What `amtsweg directory …` says, line by line."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from amtsweg.directory.exhaustive_check import Move
from amtsweg.directory.published import Reading
from amtsweg.directory.traffic import Diverted
from amtsweg.language import language, said
from services.router.domain.directory.model import Directory
from services.router.domain.directory.versions import Version
from shared.events.directory import TableChanged
from shared.local_time import local_time

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
    rest = (
        f" {said(de='und', en='and')} {len(move.areas) - FEW} {said(de='weitere', en='more')}"
        if len(move.areas) > FEW
        else ""
    )
    since = (
        said(de="seit jeher", en="ever since")
        if move.since < min(new.boundaries, default=date.min)
        else said(de=f"ab {move.since}", en=f"since {move.since}")
    )
    road = f" ({said(de='Straße', en='road')}: {move.road})" if move.road else ""
    return f"{move.service}{road}: {move.before} -> {move.after} {since}: {areas}{rest}"


def diverted_line(group: Diverted) -> str:
    """Which past submissions would have gone elsewhere."""
    return f"{group.service}: {group.before} -> {group.after}: " + said(
        de=f"{group.count} vergangene Anträge, eingegangen {group.first} bis {group.last}",
        en=f"{group.count} past submissions, received {group.first} to {group.last}",
    )


def sum_line(changes: int, *, past: int) -> str:
    """How much a change would change."""
    return said(
        de=f"{changes} Änderungen im Raster, {past} vergangene Anträge anders beantwortet",
        en=f"{changes} changes in the grid, {past} past submissions answered differently",
    )


def newcomer_lines(old: Directory, new: Directory) -> Iterator[str]:
    """Authorities that are to be connected before the change takes effect."""
    for authority in sorted(new.authorities.keys() - old.authorities.keys()):
        yield said(
            de=f"{authority} ist neu: zuerst anschließen; bis dahin werden ihre Anträge geparkt",
            en=f"{authority} is new: provision it first; until then its submissions are parked",
        )


def postcode_lines(old: Directory, new: Directory) -> Iterator[str]:
    """Postcodes that lead nowhere any more."""
    for postcode in sorted(old.postcodes.keys() - new.postcodes.keys()):
        names = ", ".join(old.areas[pair.ags].name for pair in old.postcodes[postcode])
        yield said(
            de=f"{postcode} führt nirgends mehr hin; bisher: {names}",
            en=f"{postcode} leads nowhere any more; until now: {names}",
        )


def version_lines(reading: Reading, *, now: datetime) -> Iterator[str]:
    """What is published, what is in force, and what was recorded but every router ignores."""
    versions = reading.versions
    force = versions.at(now) if versions.published else None
    pending = versions.pending(now)
    for version in versions.published:
        standing = _standing(version, force=force, pending=pending)
        since = local_time(version.effective_from, language(), seconds=True)
        yield f"{version.id}  {said(de='ab', en='from')} {since}{standing}"
        yield f"    {version.change.reason}; {_counted(version.change.tables)}"
    for record in reading.passed_over:
        yield said(
            de=f"Satz {record.offset} wird von jedem Router übergangen: {record.reason}",
            en=f"record {record.offset} is ignored by every router: {record.reason}",
        )


def applied_lines(version: Version) -> Iterator[str]:
    """What was published, and who follows it."""
    yield from changed_lines(version.change.tables)
    since = local_time(version.effective_from, language(), seconds=True)
    yield said(
        de=f"veröffentlicht: Fassung {version.id}, in Kraft ab {since}",
        en=f"published: version {version.id}, in force from {since}",
    )
    yield said(
        de="Es folgt: jeder Router von selbst, binnen 30 s; sein /health/ready nennt dann die Fassung",
        en="followed by: every router on its own, within 30 s; its /health/ready then names the version",
    )
    yield said(de="im Protokoll: ein Eintrag", en="on record:   one leaf of the audit log")


def _standing(version: Version, *, force: Version | None, pending: Sequence[Version]) -> str:
    if version is force:
        return said(de="  in Kraft", en="  in force")
    return said(de="  steht aus", en="  pending") if version in pending else ""


def _counted(tables: Iterable[TableChanged]) -> str:
    return ", ".join(f"{table.table} -{len(table.removed)} +{len(table.added)}" for table in tables)

"""A change as an operator writes it, a folder with the tables that change, and what it would make of a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from amtsweg.directory.published import ChangeRefused
from amtsweg.language import said
from services.router.adapters.directory_files import (
    MANIFEST,
    read_manifest,
    read_provenance,
    read_tables,
    read_toml,
)
from services.router.domain.directory.changeset import apply, difference
from services.router.domain.directory.model import Directory
from services.router.domain.directory.parse import parse_directory
from services.router.domain.directory.tables import COLUMNS, BrokenDirectory
from services.router.domain.directory.versions import LEAD, Version, Versions
from shared.events.directory import DirectoryChanged, Provenance

_SHORTEST_BEGINNING: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """A whole directory as texts."""

    land: str
    name: str
    texts: Mapping[str, str]
    provenance: Mapping[str, Provenance]

    @classmethod
    def of_folder(cls, folder: Path) -> "Tables":
        """Raises BrokenDirectory, saying where."""
        manifest = read_manifest(folder)
        provenance = read_provenance(manifest, tables=COLUMNS)
        return cls(
            land=manifest["land"], name=manifest["name"], texts=read_tables(folder), provenance=provenance
        )

    @classmethod
    def of_version(cls, version: Version) -> "Tables":
        return cls(
            land=version.change.land,
            name=version.change.name,
            texts=version.tables,
            provenance=version.provenance,
        )

    def directory(self) -> Directory:
        """Raises BrokenDirectory, saying where."""
        return parse_directory(self.land, self.name, self.texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The tables that change, and the version that they were made from (None: the folder does not say)."""

    texts: Mapping[str, str]
    provenance: Mapping[str, Provenance]
    parent: str | None
    """The beginning of the version is enough."""

    @classmethod
    def of_folder(cls, folder: Path, *, parent: str | None) -> "Proposal":
        """``parent`` counts for more than what the folder's manifest says.

        Raises:
            BrokenDirectory: there is no table, or the manifest says nothing good of one.
        """
        texts = read_tables(folder)
        if not texts:
            raise BrokenDirectory(str(folder), "holds no table of a directory")
        if not (folder / MANIFEST).exists():
            return cls(texts=texts, provenance={}, parent=parent)
        manifest = read_toml(folder)
        described = [table for table in texts if table in manifest.get("tables", {})]
        return cls(
            texts=texts,
            provenance=read_provenance(manifest, tables=described),
            parent=parent or manifest.get("version"),
        )

    def over(self, base: Tables) -> Tables:
        """The directory after the change."""
        return Tables(
            land=base.land,
            name=base.name,
            texts={**base.texts, **self.texts},
            provenance={**base.provenance, **self.provenance},
        )


def nothing_published() -> str:
    """Why there is no version to work with, and what to do."""
    return said(
        de="noch ist keine Fassung veröffentlicht: amtsweg directory seed",
        en="no version is published yet: amtsweg directory seed",
    )


def starting_point(proposal: Proposal, versions: Versions, *, now: datetime, withdraw: bool) -> Version:
    """The published version that the proposal changes.

    ``withdraw`` lets it be the version in force although another one is published and not in force yet.

    Raises:
        Refused: nothing is published, or the proposal was made from another version.
    """
    if not versions.published:
        raise ChangeRefused(nothing_published())
    allowed = versions.at(now) if withdraw else versions.newest
    if not proposal.parent:
        raise ChangeRefused(
            said(
                de=f"der Ordner sagt nicht, aus welcher Fassung er entstand; war es {allowed.id}, mit --parent "
                f"angeben, oder als version in {MANIFEST}",
                en=f"the folder does not say which version it was made from; if that was {allowed.id}, say so with "
                f"--parent, or as version in its {MANIFEST}",
            )
        )
    if len(proposal.parent) < _SHORTEST_BEGINNING or not allowed.id.startswith(proposal.parent):
        raise ChangeRefused(
            said(
                de=f"die Änderung entstand aus Fassung {proposal.parent}, aber die "
                f"{'geltende' if withdraw else 'neueste'} ist {allowed.id} ({allowed.change.reason}): diese "
                "exportieren und die Änderung dort machen",
                en=f"the change was made from version {proposal.parent}, but the "
                f"{'version in force' if withdraw else 'newest'} is {allowed.id} "
                f"({allowed.change.reason}): export that one, and make the change there",
            )
        )
    return allowed


def planned(
    proposal: Proposal,
    versions: Versions,
    *,
    effective_from: datetime,
    reason: str,
    now: datetime,
    withdraw: bool = False,
) -> DirectoryChanged:
    """The change to publish, checked as every router will check it.

    Raises:
        Refused: it does not fit to what is published, changes nothing, or comes too late.
        BrokenDirectory: the directory after it would be broken; the text says where.
    """
    base = Tables.of_version(starting_point(proposal, versions, now=now, withdraw=withdraw))
    _check_instant(effective_from, versions, now=now, withdraw=withdraw)
    after = proposal.over(base)
    after.directory()
    newest = versions.newest
    change = difference(
        newest.tables,
        after.texts,
        land=after.land,
        name=after.name,
        effective_from=effective_from,
        reason=reason,
        provenance=after.provenance,
    )
    if not change.tables:
        raise ChangeRefused(
            said(
                de=f"nichts ändert sich: das ist schon Fassung {newest.id}",
                en=f"nothing changes: this is version {newest.id} already",
            )
        )
    # The lines are sorted on their way; what is checked is what will be there.
    parse_directory(change.land, change.name, apply(change, newest.tables))
    return change


def first(folder: Path, *, now: datetime) -> DirectoryChanged:
    """The first change of a Land, from nothing to the directory in a folder.

    Raises:
        BrokenDirectory: the directory is broken.
    """
    tables = Tables.of_folder(folder)
    tables.directory()
    return difference(
        {},
        tables.texts,
        land=tables.land,
        name=tables.name,
        effective_from=now,
        reason="Erstbestand",
        provenance=tables.provenance,
    )


def _check_instant(effective_from: datetime, versions: Versions, *, now: datetime, withdraw: bool) -> None:
    if effective_from - now < LEAD:
        earliest = (now + LEAD + timedelta(microseconds=999_999)).replace(microsecond=0)
        raise ChangeRefused(
            said(
                de=f"{effective_from.isoformat()} ist zu früh: jeder Router muss vorher davon wissen, frühestens also "
                f"{earliest:%Y-%m-%dT%H:%M:%SZ}",
                en=f"{effective_from.isoformat()} is too soon: every router must know of the change before, so "
                f"{earliest:%Y-%m-%dT%H:%M:%SZ} is the earliest",
            )
        )
    pending = versions.pending(now)
    if withdraw and pending and effective_from > pending[0].effective_from:
        raise ChangeRefused(
            said(
                de=f"Fassung {pending[0].id} tritt {pending[0].effective_from.isoformat()} in Kraft; soll sie "
                "entfallen, einen früheren Zeitpunkt wählen",
                en=f"version {pending[0].id} takes effect at {pending[0].effective_from.isoformat()}; to withdraw it, "
                "choose an instant before",
            )
        )
    if not withdraw and pending and effective_from <= versions.newest.effective_from:
        raise ChangeRefused(
            said(
                de=f"Fassung {versions.newest.id} ist veröffentlicht und tritt "
                f"{versions.newest.effective_from.isoformat()} in Kraft; diese Änderung zöge sie vor. Einen späteren "
                "Zeitpunkt wählen; oder die geltende Fassung ändern und die andere mit --withdraw-pending zurückziehen",
                en=f"version {versions.newest.id} is published and takes effect at "
                f"{versions.newest.effective_from.isoformat()}; this change would bring it forward. Choose a later "
                "instant; or make the change from the version in force and withdraw the other with --withdraw-pending",
            )
        )

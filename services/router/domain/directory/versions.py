"""Every published version of a Land's directory in the order of publication, and which one is in force when.

Pure, and the same in every release: the meaning of a record must not depend on its reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.domain.directory.changeset import apply
from services.router.domain.directory.tables import BrokenDirectory
from shared.events.directory import DirectoryChanged, Provenance

LEAD = timedelta(minutes=2)
"""How long before it takes effect a change must be published."""

LEAST_LEAD = timedelta(seconds=90)
"""How much of `LEAD` must be left when the broker records the change; every reader ignores a later record.

Therefore a router that read to the end within `FRESH` knows every change in force, with a minute to spare for a slow
commit and for clock differences.
"""

FRESH = timedelta(seconds=30)
"""How old a router's last reading to the end may be; with an older one the router decides nothing."""


class NotFollowed(Exception):  # noqa: N818 - what becomes of a record, in the project's vocabulary
    """Every reader ignores this record; the text says why."""


class UnknownVersion(Exception):  # noqa: N818 - as the operator calls it
    """No published version, or more than one, begins with this text; the message names the known versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of the directory: the change that led to it, and its tables with where each comes from."""

    change: DirectoryChanged
    recorded_at: datetime
    tables: Mapping[str, str]
    provenance: Mapping[str, Provenance]

    @property
    def id(self) -> str:
        """The content hash."""
        return self.change.result

    @property
    def effective_from(self) -> datetime:
        """The instant from which it decides about what is received."""
        return self.change.effective_from


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions of one Land. Each is the child of the one before it."""

    published: tuple[Version, ...] = ()

    @property
    def newest(self) -> Version:
        """The version from which the next change has to start; it may not be in force yet."""
        return self.published[-1]

    def at(self, instant: datetime) -> Version:
        """The version in force at an instant: the last published of those that have taken effect by then.

        So a later change replaces an earlier one that would take effect after it. The first version also applies
        to the time before it.
        """
        for version in reversed(self.published):
            if version.change.effective_from <= instant:
                return version
        return self.published[0]

    def pending(self, instant: datetime) -> tuple[Version, ...]:
        """The versions that will take effect after this instant, in that order."""
        found: list[Version] = []
        for version in reversed(self.published):
            if instant < version.effective_from and all(
                version.effective_from < later.effective_from for later in found
            ):
                found.append(version)
            elif version.effective_from <= instant:
                break
        return tuple(reversed(found))

    def followed_by(self, change: DirectoryChanged, *, recorded_at: datetime) -> "Versions":
        """Return these versions and the result of the change.

        Raises:
            NotFollowed: every reader ignores this change.
        """
        before = self.published[-1] if self.published else None
        parent = before.id if before else None
        if change.parent != parent:
            raise NotFollowed(f"it starts from version {change.parent}, the newest is {parent}")
        if before and change.land != before.change.land:
            raise NotFollowed(f"it is of Land {change.land}, this is Land {before.change.land}")
        if before and change.effective_from - recorded_at < LEAST_LEAD:
            raise NotFollowed(
                f"it was recorded at {recorded_at:%Y-%m-%d %H:%M:%S%z}, too late for {change.effective_from}: "
                f"{LEAST_LEAD.seconds} s are the least"
            )
        try:
            tables = apply(change, before.tables if before else {})
        except BrokenDirectory as broken:
            raise NotFollowed(str(broken)) from broken
        known = dict(before.provenance) if before else {}
        told = {step.table: step.provenance for step in change.tables}
        version = Version(change=change, recorded_at=recorded_at, tables=tables, provenance=known | told)
        return Versions((*self.published, version))

    def find(self, beginning: str) -> Version:
        """The version whose id begins with this text; the latest, if it was published more than once.

        Raises:
            UnknownVersion: there is none, or several versions begin with it.
        """
        found = {version.id: version for version in self.published if version.id.startswith(beginning)}
        if len(found) != 1:
            known = ", ".join(dict.fromkeys(version.id for version in self.published)) or "none"
            problem = "several versions begin so" if found else "no version begins so"
            raise UnknownVersion(f"{beginning}: {problem}; known are: {known}")
        return next(iter(found.values()))

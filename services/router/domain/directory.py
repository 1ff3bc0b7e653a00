"""A Land's directory as one value, and what it says on a day."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.router.domain.day import Day
from services.router.domain.entries import (
    Agreement,
    Area,
    Authority,
    Competence,
    Dated,
    District,
    Population,
    PostcodeArea,
    Region,
    Succession,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Directory:
    """A whole Land. ``version`` is the content hash of its tables (`services.router.domain.tables`).

    ``boundaries`` are the days on which anything may change; between two of them every day is like the other.
    """

    land: str
    name: str
    version: str
    authorities: Mapping[str, Authority]
    areas: Mapping[str, Area]
    districts: Mapping[str, District]
    regions: Mapping[str, Region]
    successions: tuple[Succession, ...]
    names: Mapping[str, tuple[str, ...]]
    localities: Mapping[str, tuple[str, ...]]
    postcodes: Mapping[str, tuple[PostcodeArea, ...]]
    chambers: Mapping[tuple[str, str], tuple[Dated, ...]]
    listed: Mapping[tuple[str, str], tuple[Dated, ...]]
    populations: Mapping[str, tuple[Population, ...]]
    services: Mapping[str, str]
    competences: Mapping[str, tuple[Competence, ...]]
    agreements: tuple[Agreement, ...]
    boundaries: tuple[date, ...] = field(init=False)
    _days: dict[int, Day] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "boundaries", tuple(sorted(set(self._boundaries()))))

    def on(self, day: date) -> Day:
        """What the directory says on a day; kept, since all days between two boundaries are alike."""
        period = bisect_right(self.boundaries, day)
        if period not in self._days:
            self._days[period] = Day(self, day)
        return self._days[period]

    def _boundaries(self) -> Iterator[date]:
        for dated in (self.authorities, self.areas, self.districts):
            for entry in dated.values():
                yield from entry.days.boundaries()
        for rows in (self.chambers, self.listed, self.populations, self.competences):
            for versions in rows.values():
                for version in versions:
                    yield from version.days.boundaries()
        for agreement in self.agreements:
            yield from agreement.days.boundaries()

"""The directory on one day: which areas every key means, and what has been worked out about that day before."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from services.router.domain.agreements import by_principal
from services.router.domain.entries import Area, Competence, Dated, Population
from services.router.domain.names import Form, forms, qualifiers

if TYPE_CHECKING:
    from services.router.domain.directory import Directory
    from services.router.domain.leads import Lead
    from services.router.domain.places import Located
    from services.router.domain.verdict import Verdict

_SHORTENED = (2, 3, 5, 9, 12)


class Day:
    """One day. All that is kept here to be asked again (leads, verdicts, places, names) follows from the directory."""

    __slots__ = (
        "_forms",
        "_namesakes",
        "_offered",
        "_rules",
        "_shapes",
        "agreements",
        "areas",
        "day",
        "directory",
        "leads",
        "located",
        "postal_regions",
        "qualifiers",
        "verdicts",
    )

    def __init__(self, directory: "Directory", day: date) -> None:
        self.directory = directory
        self.day = day
        self.areas = _areas_by_key(directory, day)
        self.agreements = by_principal(directory.agreements, day)
        self.located: dict[str, Located] = {}
        self.leads: dict[tuple[int, str], Lead] = {}
        self.verdicts: dict[tuple[int, str], Verdict] = {}
        self._rules: dict[str, tuple[Competence, ...]] = {}
        self._shapes: dict[str, int] = {}
        self.postal_regions = frozenset(postcode[:2] for postcode in directory.postcodes)
        self.qualifiers = qualifiers((directory.name, *(area.name for area in directory.areas.values())))
        self._forms: dict[str, frozenset[Form]] = {}
        self._namesakes: Counter[Form] | None = None
        self._offered: dict[str, tuple[str, ...]] = {}

    def rules(self, service: str) -> tuple[Competence, ...]:
        """The rows of law about a service, one for each case."""
        if service not in self.directory.competences:
            return ()
        if service not in self._rules:
            rows = self.directory.competences[service]
            self._rules[service] = tuple(row for row in rows if self.day in row.days)
        return self._rules[service]

    def shape(self, rule: Competence) -> int:
        """One number for all rules that lead to the same places, so that each is worked out once."""
        if not self._shapes:
            agreed = [agreement for found in self.agreements.values() for agreement in found]
            seen: dict[tuple[object, ...], int] = {}
            for row in (row for rows in self.directory.competences.values() for row in rows):
                special = row.service if any(a.concerns_service(row.service) for a in agreed) else None
                self._shapes[row.id] = seen.setdefault((*row.leads_by, special), len(seen))
        return self._shapes[rule.id]

    def chamber(self, kind: str, area: Area) -> Dated:
        """The one chamber of that kind; the tables are checked to have no hole."""
        return next(row for row in self.directory.chambers[area.ags, kind] if self.day in row.days)

    def listing(self, name: str, area: Area) -> Dated | None:
        return next(
            (row for row in self.directory.listed.get((name, area.ags), ()) if self.day in row.days), None
        )

    def population(self, area: Area) -> Population | None:
        return next(
            (row for row in self.directory.populations.get(area.ags, ()) if self.day in row.days), None
        )

    def offered(self, kind: str) -> tuple[str, ...]:
        """All authorities of a kind that exist that day; of districts, those that do the districts' tasks."""
        if kind not in self._offered:
            if kind == "district":
                found = [
                    row.administration for row in self.directory.districts.values() if self.day in row.days
                ]
            else:
                every = self.directory.authorities.values()
                found = [row.id for row in every if row.kind == kind and self.day in row.days]
            self._offered[kind] = tuple(sorted(found))
        return self._offered[kind]

    def forms(self, ags: str) -> frozenset[Form]:
        """The spellings of an area, its localities and the areas that have become part of it by that day."""
        if ags not in self._forms:
            names = [*self.directory.names.get(ags, ()), *self.directory.localities.get(ags, ())]
            names.append(self.directory.areas[ags].name)
            parts = [change for change in self.directory.successions if change.new == ags]
            merged = (self.forms(change.old) for change in parts if change.day <= self.day)
            separate = (self.forms(change.old) for change in parts if change.day > self.day)
            self._forms[ags] = forms(names).union(*merged).difference(*separate)
        return self._forms[ags]

    def namesakes(self, spelling: Form) -> int:
        """How many areas of that day are called so."""
        if self._namesakes is None:
            land = self.areas[self.directory.land]
            self._namesakes = Counter(spelling for area in land for spelling in self.forms(area.ags))
        return self._namesakes[spelling]


def _areas_by_key(directory: "Directory", day: date) -> Mapping[str, tuple[Area, ...]]:
    """Every key that ever was (AGS, ARS, shortened ARS) with the areas of that day that it means.

    A shortened ARS may be filled up with zeros, as administrative portals write those of districts. A key under
    which nothing exists that day stands for its successors, or for its predecessors.
    """
    known: dict[str, list[Area]] = defaultdict(list)
    for area in directory.areas.values():
        shortened = [area.ars[:digits] for digits in _SHORTENED]
        for key in {area.ags, *shortened, *(key.ljust(_SHORTENED[-1], "0") for key in shortened)}:
            known[key].append(area)
    meant: dict[str, tuple[Area, ...]] = {}
    for key, areas in known.items():
        current = [area for area in areas if day in area.days]
        elsewhere = (
            [other for area in areas for other in _followed(area, directory, day)] if not current else []
        )
        meant[key] = tuple(dict.fromkeys(current or elsewhere))
    return meant


def _followed(area: Area, directory: "Directory", day: date) -> Iterable[Area]:
    """The area on that day, reached over one or more changes of the territory."""
    if day in area.days:
        return [area]
    ended = area.days.last < day
    neighbours = [
        change.new if ended else change.old
        for change in directory.successions
        if (change.old if ended else change.new) == area.ags
    ]
    return [found for ags in neighbours for found in _followed(directory.areas[ags], directory, day)]

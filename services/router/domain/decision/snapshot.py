"""The directory as of one day: which areas a key means, which rules hold, what each place is called. Immutable."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.router.domain.decision.agreements import by_principal
from services.router.domain.decision.gazetteer import Gazetteer, gazetteer
from services.router.domain.directory.model import Agreement, Area, Competence, Dated, Directory, Population

_SHORTENED = (2, 3, 5, 9, 12)
_CHOSEN_KINDS = ("municipality", "district", "region", "ihk", "hwk")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DirectorySnapshot:
    """What holds on ``day``; `snapshot` makes it.

    Attributes:
        areas: Every key that ever was (AGS, ARS, shortened ARS) with the areas of that day that it means.
        rules: The rows of law about each service, one for each case.
        equivalence_class: By rule id, one number for all rules that lead to the same places.
        agreements: Those in force, by principal.
        offered: By kind, all authorities that an applicant may choose among; of districts, those that do their tasks.
        gazetteer: What every place is called.
        postal_regions: The first two digits of all postcodes of the Land.
    """

    directory: Directory
    day: date
    areas: Mapping[str, tuple[Area, ...]]
    rules: Mapping[str, tuple[Competence, ...]]
    equivalence_class: Mapping[str, int]
    agreements: Mapping[str, Sequence[Agreement]]
    offered: Mapping[str, tuple[str, ...]]
    gazetteer: Gazetteer
    postal_regions: frozenset[str]

    def chamber(self, kind: str, area: Area) -> Dated:
        """The one chamber of that kind; the tables are checked to have no hole."""
        return next(row for row in self.directory.chambers[area.ags, kind] if self.day in row.days)

    def listing(self, name: str, area: Area) -> Dated | None:
        rows = self.directory.listed.get((name, area.ags), ())
        return next((row for row in rows if self.day in row.days), None)

    def population(self, area: Area) -> Population | None:
        rows = self.directory.populations.get(area.ags, ())
        return next((row for row in rows if self.day in row.days), None)


def snapshot(directory: Directory, day: date) -> DirectorySnapshot:
    """The directory as of a day."""
    areas = _areas_by_key(directory, day)
    agreements = by_principal(directory.agreements, day)
    return DirectorySnapshot(
        directory=directory,
        day=day,
        areas=areas,
        rules={
            service: tuple(row for row in rows if day in row.days)
            for service, rows in directory.competences.items()
        },
        equivalence_class=_equivalence_classes(directory, agreements),
        agreements=agreements,
        offered={kind: _offered(kind, directory, day) for kind in _CHOSEN_KINDS},
        gazetteer=gazetteer(directory, day),
        postal_regions=frozenset(postcode[:2] for postcode in directory.postcodes),
    )


def _areas_by_key(directory: Directory, day: date) -> Mapping[str, tuple[Area, ...]]:
    """Every key with the areas of that day that it means.

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


def _followed(area: Area, directory: Directory, day: date) -> Iterable[Area]:
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


def _equivalence_classes(
    directory: Directory, agreements: Mapping[str, Sequence[Agreement]]
) -> Mapping[str, int]:
    agreed = [agreement for found in agreements.values() for agreement in found]
    seen: dict[tuple[object, ...], int] = {}
    classes: dict[str, int] = {}
    for row in (row for rows in directory.competences.values() for row in rows):
        special = row.service if any(a.concerns_service(row.service) for a in agreed) else None
        classes[row.id] = seen.setdefault((*row.determinants, special), len(seen))
    return classes


def _offered(kind: str, directory: Directory, day: date) -> tuple[str, ...]:
    if kind == "district":
        return tuple(sorted(row.administration for row in directory.districts.values() if day in row.days))
    every = directory.authorities.values()
    return tuple(sorted(row.id for row in every if row.kind == kind and day in row.days))

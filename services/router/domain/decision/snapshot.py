"""The directory as of one day: the areas of each key, the rules in force, the names of places. Immutable."""

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
    """The directory as of ``day``; `snapshot` makes it.

    Attributes:
        areas: Every key that ever existed (AGS, ARS, shortened ARS) with the areas of that day that it stands for.
        rules: By service, the rules in force, one for each value of an attribute.
        equivalence_class: By rule id, one number for all rules with the same results.
        agreements: The agreements in force, by principal.
        offered: By kind, all authorities among which an applicant may choose; for districts, their administrations.
        gazetteer: The names of all places.
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
        """The chamber of that kind; validation ensures that there is exactly one on each day."""
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
    """Every key with the areas of that day that it stands for.

    A shortened ARS may be padded with zeros, as administrative portals do for districts. A key without an area on that
    day stands for its successors, or for its predecessors.
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
    """The areas of that day that replace the area, over one or more changes of territory."""
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

"""The territory of an authority: the areas that a map shows for it."""

from datetime import date

from services.router.domain.directory.model import Area, Directory

_CHAMBERS = ("ihk", "hwk")


def territory(authority: str, *, directory: Directory, on: date) -> frozenset[str]:
    """The keys of the areas on this day; none for an unknown authority, all for one of the Land."""
    known = directory.authorities.get(authority)
    if known is None:
        return frozenset()
    areas = [area for area in directory.areas.values() if on in area.days]
    match known.kind:
        case "municipality" | "district" | "region":
            found = [area for area in areas if authority in _administrations(area, directory)]
        case "ihk" | "hwk":
            found = [area for area in areas if authority in _chambers(area, directory, on=on)]
        case _:
            found = areas
    return frozenset(area.ags for area in found)


def _administrations(area: Area, directory: Directory) -> set[str | None]:
    district, region = directory.districts.get(area.district), directory.regions.get(area.region)
    return {
        area.administration,
        None if district is None else district.administration,
        None if region is None else region.administration,
    }


def _chambers(area: Area, directory: Directory, *, on: date) -> set[str]:
    return {
        dated.value
        for kind in _CHAMBERS
        for dated in directory.chambers.get((area.ags, kind), ())
        if on in dated.days
    }

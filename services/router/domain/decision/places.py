"""From what was asked (a key, a postcode, a town) to the areas of that day that may be meant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.router.domain.decision.place_names import Form, form, quarters
from services.router.domain.decision.snapshot import DirectorySnapshot
from services.router.domain.directory.model import Area
from shared.events.competence import Place, Reason

_LAENDER = frozenset(f"{number:02}" for number in range(1, 17))


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The areas that may be meant; ``beyond``: a part of another Land may be meant too.

    ``excluded``: the postcode reaches there, but the town names another. ``key`` names this group
    of areas; there are only so many.
    """

    key: str
    areas: tuple[Area, ...]
    beyond: bool = False
    excluded: tuple[Area, ...] = ()


def locate(place: Place | None, snapshot: DirectorySnapshot) -> Located | Reason:
    """The areas, or why there is none. No place at all means the whole Land."""
    if place is None:
        return Located(key=snapshot.directory.land, areas=snapshot.areas[snapshot.directory.land])
    key = place.ars or place.ags
    if key is not None:
        return _by_key(key, snapshot)
    return _by_postcode(str(place.plz), place.town, snapshot)


def _by_key(key: str, snapshot: DirectorySnapshot) -> Located | Reason:
    if not key.startswith(snapshot.directory.land):
        return Reason.OUTSIDE_TERRITORY if key[:2] in _LAENDER else Reason.UNKNOWN_PLACE
    areas = snapshot.areas.get(key, ())
    return Located(key=key, areas=areas) if areas else Reason.UNKNOWN_PLACE


def _by_postcode(postcode: str, town: str | None, snapshot: DirectorySnapshot) -> Located | Reason:
    pairs = snapshot.directory.postcodes.get(postcode)
    if pairs is None:
        return _unlisted(postcode, snapshot)
    parts = {pair.ags: snapshot.areas[pair.ags] for pair in pairs}
    every = _joined(parts.values())
    if town is None:
        return Located(key=f"plz:{postcode}", areas=every, beyond=any(pair.beyond for pair in pairs))
    named = _named(town, parts, snapshot)
    if not named:
        return Reason.UNKNOWN_PLACE
    key = "+".join((f"plz:{postcode}", *(area.ags for area in named)))
    return Located(key=key, areas=named, excluded=tuple(area for area in every if area not in named))


def _unlisted(postcode: str, snapshot: DirectorySnapshot) -> Reason:
    """A postcode that no list knows (PO boxes, large customers): ours if its first two digits are."""
    ours = postcode[:2] in snapshot.postal_regions or postcode < "01"
    return Reason.UNKNOWN_PLACE if ours else Reason.OUTSIDE_TERRITORY


def _named(town: str, parts: Mapping[str, tuple[Area, ...]], snapshot: DirectorySnapshot) -> tuple[Area, ...]:
    """The areas that the town names; else that of a town without namesakes, named with its quarter or river."""
    asked = form(town)
    if found := _called(asked, parts, snapshot):
        return found
    named = (form(area.name) for area in _joined(parts.values()))
    by_its_river = (name for name in named if name < asked and asked - name <= snapshot.qualifiers)
    for whole in (*by_its_river, *map(form, quarters(town))):
        if snapshot.namesakes.get(whole) == 1 and (found := _called(whole, parts, snapshot)):
            return found
    return ()


def _called(
    asked: Form, parts: Mapping[str, tuple[Area, ...]], snapshot: DirectorySnapshot
) -> tuple[Area, ...]:
    """Those called so on that day; else all that the postcode's area of today, called so, goes back to."""
    areas = _joined(parts.values())
    own = tuple(area for area in areas if asked in snapshot.forms[area.ags])
    return own or _joined(areas for ags, areas in parts.items() if asked in snapshot.forms[ags])


def _joined(groups: Iterable[tuple[Area, ...]]) -> tuple[Area, ...]:
    return tuple(dict.fromkeys(area for group in groups for area in group))

"""The areas of a day that a key, a postcode or a town may mean."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.router.domain.decision.snapshot import DirectorySnapshot
from services.router.domain.decision.town import PostcodeParts, read_town
from services.router.domain.directory.model import Area
from shared.events.competence import Place, Reason

_LAENDER = frozenset(f"{number:02}" for number in range(1, 17))


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The areas that may be meant.

    Attributes:
        key: Identifies this group of areas; the number of groups is bounded.
        areas: The areas that may be meant; where the place is ``unclear``, a person has to choose among them.
        beyond: A part of another Land may be meant as well.
        excluded: Areas of the postcode that the town does not mean.
        unclear: Why the place as a whole is not understood, although a part of it is.
    """

    key: str
    areas: tuple[Area, ...]
    beyond: bool = False
    excluded: tuple[Area, ...] = ()
    unclear: Reason | None = None


def locate(place: Place | None, snapshot: DirectorySnapshot) -> Located | Reason:
    """The areas, or why there are none. An absent place means the whole Land."""
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
        return _unlisted(postcode, town, snapshot)
    parts = {pair.ags: snapshot.areas[pair.ags] for pair in pairs}
    every, beyond = _joined(parts.values()), any(pair.beyond for pair in pairs)
    read = None if town is None else read_town(town, postcode, parts, snapshot, beyond=beyond)
    if read is None:
        return Located(key=f"plz:{postcode}", areas=every, beyond=beyond)
    if read.unclear is not None:
        return _unclear(read.areas, read.unclear)
    key = "+".join((f"plz:{postcode}", *(area.ags for area in read.areas)))
    return Located(
        key=key, areas=read.areas, excluded=tuple(area for area in every if area not in read.areas)
    )


def _unclear(areas: tuple[Area, ...], reason: Reason) -> Located:
    return Located(key="+".join((f"?{reason}", *(area.ags for area in areas))), areas=areas, unclear=reason)


def _unlisted(postcode: str, town: str | None, snapshot: DirectorySnapshot) -> Located | Reason:
    """An unlisted postcode (PO boxes, large customers): it belongs to the Land if its first two digits do."""
    if postcode[:2] not in snapshot.postal_regions and postcode >= "01":
        return Reason.OUTSIDE_TERRITORY
    nowhere: PostcodeParts = {}
    read = None if town is None else read_town(town, postcode, nowhere, snapshot, beyond=False)
    return _unclear(read.areas, Reason.UNKNOWN_PLACE) if read and read.areas else Reason.UNKNOWN_PLACE


def _joined(groups: Iterable[tuple[Area, ...]]) -> tuple[Area, ...]:
    return tuple(dict.fromkeys(area for group in groups for area in group))

"""The full grid: every service, at every place, on every day that differs from the one before."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory
from shared.events.competence import Attributes, Inquiry, Place, Reason

_HOLES = frozenset({Reason.UNKNOWN_SERVICE, Reason.UNKNOWN_PLACE, Reason.OUTSIDE_TERRITORY})


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCheck:
    """How the grid was answered; ``holes`` are known services at known places that were not found."""

    answers: Mapping[str, int]
    unverified: int
    holes: tuple[Inquiry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A service that goes elsewhere in some areas, from a day on; parked is given by its reason.

    ``road``: only for roads of this class.
    """

    service: str
    road: str | None = None
    before: str
    after: str
    since: date
    areas: tuple[str, ...]


def check(directory: Directory) -> GridCheck:
    """Answer the whole grid."""
    answers: Counter[str] = Counter()
    unverified = 0
    holes = []
    resolver = Resolver(directory)
    for inquiry in grid(directory):
        decision = resolver.resolve(inquiry)
        answers[str(decision.reason or decision.outcome)] += 1
        unverified += decision.authority is not None and not decision.verified
        if decision.reason in _HOLES:
            holes.append(inquiry)
    return GridCheck(answers=answers, unverified=unverified, holes=tuple(holes))


def moves(old: Directory, new: Directory) -> list[Move]:
    """What goes elsewhere, and since when: the first boundary day on which the answers differ."""
    areas: dict[tuple[str, str, str, str, date], list[str]] = defaultdict(list)
    last: tuple[object, ...] = ()
    resolvers = Resolver(old), Resolver(new)
    for inquiry in grid(old, new):
        before, after = (answer(inquiry, resolver=resolver) for resolver in resolvers)
        road = (inquiry.attributes and inquiry.attributes.road) or ""
        this = (inquiry.service, road, inquiry.place, before, after)
        if before != after and this != last:
            found = areas[inquiry.service, road, before, after, inquiry.on]
            found.append(str(inquiry.place and inquiry.place.ags))
        last = this
    return [
        Move(service=service, road=road or None, before=before, after=after, since=since, areas=tuple(found))
        for (service, road, before, after, since), found in sorted(areas.items())
    ]


def answer(inquiry: Inquiry, *, resolver: Resolver) -> str:
    """The authority, or the reason for parking."""
    decision = resolver.resolve(inquiry)
    return decision.authority or str(decision.reason)


def days(*directories: Directory) -> list[date]:
    """Every day on which anything changes in one of them, and the day before the first."""
    boundaries = sorted({day for directory in directories for day in directory.boundaries})
    return [boundaries[0] - timedelta(days=1), *boundaries] if boundaries else [date.min]


def grid(*directories: Directory) -> Iterator[Inquiry]:
    """Every service, in every case that its rows tell apart, at every area on every such day."""
    places = [Place(ags=ags) for ags in sorted({ags for each in directories for ags in each.areas})]
    boundaries = days(*directories)
    for service in sorted({service for each in directories for service in each.competences}):
        for case, place, day in product(_cases(service, directories), places, boundaries):
            yield Inquiry.model_construct(service=service, place=place, on=day, attributes=case)


def _cases(service: str, directories: Iterable[Directory]) -> list[Attributes | None]:
    rules = [rule for each in directories for rule in each.competences.get(service, ())]
    roads = {road for rule in rules if rule.when is not None for road in rule.when.values}
    return [None, *(Attributes.model_validate({"road": road}) for road in sorted(roads))]

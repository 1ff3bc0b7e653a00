"""Validation across the tables: no unknown reference, and exactly one statement for each day."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from services.router.domain.directory.model import (
    Agreement,
    Competence,
    Dated,
    DateRange,
    Directory,
    Population,
)
from services.router.domain.directory.tables import BrokenDirectory

_CHAMBERS = ("ihk", "hwk")
_CHOICES = ("municipality", "district", "region", "ihk", "hwk")


def check_directory(directory: Directory) -> None:
    """Check the whole directory.

    Raises:
        BrokenDirectory: the first contradiction; the text names the table and the entry.
    """
    _areas(directory)
    _districts(directory)
    _successions(directory)
    _places(directory)
    _competences(directory)
    for (ags, kind), rows in directory.chambers.items():
        _no_overlap(f"chambers, {kind} of {ags}", rows)
        for row in rows:
            _known(f"chambers, {kind} of {ags}", row.value, directory.authorities)
    for (name, ags), rows in directory.listed.items():
        _known(f"lists, {name}", ags, directory.areas)
        _no_overlap(f"lists, {name}, {ags}", rows)
    for ags, figures in directory.populations.items():
        _known("populations", ags, directory.areas)
        _no_overlap(f"populations, {ags}", figures)
    _agreements(directory.agreements, directory)


def _areas(directory: Directory) -> None:
    used = {rule.decides for rules in directory.competences.values() for rule in rules}
    for area in directory.areas.values():
        where = f"areas, {area.ags}"
        _known(where, area.district, directory.districts)
        _known(where, area.region, directory.regions)
        if not area.ags.startswith(area.district) or not area.ars.startswith(area.district):
            raise BrokenDirectory(where, f"its keys do not lie in its district {area.district}")
        if not area.days.within(directory.districts[area.district].days):
            raise BrokenDirectory(
                where, f"district {area.district} does not exist on all days of {area.days}"
            )
        if (area.administration is None) != (area.kind == "unincorporated"):
            raise BrokenDirectory(where, "only an unincorporated area has no administration")
        if area.administration is not None:
            _serves(where, area.administration, area.days, directory)
        for kind in _CHAMBERS:
            if kind in used:
                _no_hole(where, f"has no {kind}", directory.chambers.get((area.ags, kind), ()), area.days)


def _districts(directory: Directory) -> None:
    for district in directory.districts.values():
        _known(f"districts, {district.key}", district.region, directory.regions)
        _serves(f"districts, {district.key}", district.administration, district.days, directory)
    for region in directory.regions.values():
        _known(f"regions, {region.key}", region.administration, directory.authorities)


def _successions(directory: Directory) -> None:
    for change in directory.successions:
        where = f"successions, {change.old}"
        _known(where, change.old, directory.areas)
        _known(where, change.new, directory.areas)
        last = directory.areas[change.old].days.last
        if last == date.max or last + timedelta(days=1) != change.day:
            raise BrokenDirectory(where, f"the area does not end on the day before {change.day}")
        if change.day not in directory.areas[change.new].days:
            raise BrokenDirectory(where, f"its successor {change.new} does not exist on {change.day}")
    followed = {change.old for change in directory.successions}
    for area in directory.areas.values():
        if area.days.last != date.max and area.ags not in followed:
            raise BrokenDirectory(f"areas, {area.ags}", f"it ends on {area.days.last} without a successor")


def _places(directory: Directory) -> None:
    for table, entries in (("names", directory.names), ("localities", directory.localities)):
        for ags in entries:
            _known(table, ags, directory.areas)
    for postcode, pairs in directory.postcodes.items():
        if len({pair.ags for pair in pairs}) != len(pairs):
            raise BrokenDirectory(f"postcodes, {postcode}", "duplicate area")
        for pair in pairs:
            _known(f"postcodes, {postcode}", pair.ags, directory.areas)


def _competences(directory: Directory) -> None:
    lists = {name for name, _ in directory.listed}
    for service, rules in directory.competences.items():
        _known("competences", service, directory.services)
        where = f"competences, {service}"
        _cases(where, rules)
        _no_hole(where, "says nothing", rules, DateRange())
        for rule in rules:
            _competence(rule, lists=lists, directory=directory)


def _cases(where: str, rules: tuple[Competence, ...]) -> None:
    """Require exactly one rule per day for every value of the attribute on which a service may depend."""
    cases = [rule.when for rule in rules if rule.when is not None]
    _no_overlap(where, (rule for rule in rules if rule.when is None))
    for value in frozenset[str]().union(*(case.values for case in cases)):
        _no_overlap(f"{where}, {value}", (r for r in rules if r.when is not None and value in r.when.values))


def _competence(rule: Competence, *, lists: set[str], directory: Directory) -> None:
    where = f"competences, {rule.id}"
    if (rule.target is not None) != (rule.decides == "authority"):
        raise BrokenDirectory(where, "target names the authority if, and only if, decides is authority")
    if rule.by_choice and rule.decides not in _CHOICES:
        raise BrokenDirectory(where, f"by_choice needs decides to be one of {', '.join(_CHOICES)}")
    if rule.target is not None:
        _serves(where, rule.target, rule.days, directory)
    if rule.use_instead is not None:
        _known(where, rule.use_instead, directory.services)
    if rule.municipality_if is not None and rule.decides != "district":
        raise BrokenDirectory(where, "municipality_if needs decides to be district")
    for condition in (rule.municipality_if, rule.received_if):
        if condition is not None and condition.kind == "listed":
            _known(where, condition.argument, lists)


def _known(where: str, key: str, known: Iterable[str]) -> None:
    if key not in known:
        raise BrokenDirectory(where, f"{key} is unknown")


def _serves(where: str, authority: str, days: DateRange, directory: Directory) -> None:
    _known(where, authority, directory.authorities)
    if not days.within(directory.authorities[authority].days):
        raise BrokenDirectory(where, f"{authority} does not exist on all days of {days}")


def _no_overlap(where: str, rows: Iterable[Competence | Dated | Population]) -> None:
    for earlier, later in pairwise(sorted(row.days for row in rows)):
        if earlier.overlaps(later):
            raise BrokenDirectory(where, f"{earlier} and {later} overlap")


def _no_hole(where: str, what: str, rows: Iterable[Competence | Dated], days: DateRange) -> None:
    if hole := next(_holes(sorted(row.days for row in rows), days), None):
        raise BrokenDirectory(where, f"{what} on the days {hole}")


def _holes(covered: list[DateRange], days: DateRange) -> Iterator[DateRange]:
    first = days.first
    for part in covered:
        if part.first > first:
            yield DateRange(first, min(part.first - timedelta(days=1), days.last))
        if part.last == date.max:
            return
        first = max(first, part.last + timedelta(days=1))
    if first <= days.last:
        yield DateRange(first, days.last)


def _agreements(agreements: Iterable[Agreement], directory: Directory) -> None:
    """Refuse unknown parties, gaps, overlaps and cycles on any day."""
    accepted: list[Agreement] = []
    for agreement in agreements:
        _check_parties(agreement, directory)
        for other in accepted:
            if (other.kind, other.principal) == (agreement.kind, agreement.principal) and _common(
                other, agreement
            ):
                raise BrokenDirectory(
                    _where(agreement), f"it overlaps with {other.id} for {agreement.principal}"
                )
        accepted.append(agreement)
        _check_cycles(agreement, accepted)


def _check_parties(agreement: Agreement, directory: Directory) -> None:
    if agreement.acting == agreement.principal:
        raise BrokenDirectory(_where(agreement), "an authority cannot work for itself")
    for party in (agreement.acting, agreement.principal):
        if party not in directory.authorities:
            raise BrokenDirectory(_where(agreement), f"{party} is unknown")
        existing = directory.authorities[party].days
        if not agreement.days.within(existing):
            raise BrokenDirectory(
                _where(agreement), f"a gap: {party} exists {existing}, the agreement runs {agreement.days}"
            )
    for kind, keys, known in (
        ("service", agreement.services, directory.services),
        ("area", agreement.areas, directory.areas),
    ):
        if unknown := sorted(keys - set(known)):
            raise BrokenDirectory(_where(agreement), f"{kind} {unknown[0]} is unknown")


def _check_cycles(agreement: Agreement, accepted: Sequence[Agreement]) -> None:
    def reaches(authority: str, scope: Agreement) -> bool:
        """Whether following what holds for all of ``scope`` at once leads back."""
        return authority == agreement.principal or any(
            other.principal == authority and (both := _common(scope, other)) and reaches(other.acting, both)
            for other in accepted
        )

    if reaches(agreement.acting, agreement):
        raise BrokenDirectory(_where(agreement), f"it closes a circle back to {agreement.principal}")


def _common(one: Agreement, other: Agreement) -> Agreement | None:
    """The days, services and areas to which both apply, if there are any."""
    days = DateRange(max(one.days.first, other.days.first), min(one.days.last, other.days.last))
    services = (
        one.services & other.services if one.services and other.services else one.services | other.services
    )
    areas = one.areas & other.areas if one.areas and other.areas else one.areas | other.areas
    if days.first > days.last or (not services and one.services) or (not areas and one.areas):
        return None
    return replace(one, days=days, services=services, areas=areas)


def _where(agreement: Agreement) -> str:
    return f"agreements, {agreement.id}"

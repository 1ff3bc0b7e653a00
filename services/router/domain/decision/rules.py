"""The authority that one rule names for one area on one day: levels, lists, chambers, and agreements."""

from dataclasses import dataclass, replace

from services.router.domain.decision.agreements import chain
from services.router.domain.decision.snapshot import DirectorySnapshot
from services.router.domain.directory.model import Area, Competence, MunicipalityCondition
from shared.events.competence import Candidate, Why

NOBODY = "nobody"
"""The value of ``AreaResult.authority`` for a service that is no longer offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaResult:
    """The acting authority (`NOBODY`: no longer offered; None: the sources do not say), and the other candidates."""

    authority: str | None
    verified: bool
    considered: tuple[Candidate, ...] = ()
    on_behalf_of: tuple[str, ...] = ()
    agreements: tuple[str, ...] = ()
    received_by: str | None = None


def area_result(rule: Competence, area: Area, snapshot: DirectorySnapshot) -> AreaResult:
    """The authority that the rule names for this area."""
    found = _principal(rule, area, snapshot)
    if found.authority is not None and found.authority != NOBODY:
        found = acting(found, rule, area=area.ags, snapshot=snapshot)
    if rule.received_if is not None:
        found = replace(found, received_by=_receiver(rule.received_if, area, snapshot))
    return found


def acting(
    found: AreaResult, rule: Competence, *, area: str | None, snapshot: DirectorySnapshot
) -> AreaResult:
    """The result after all agreements that apply to it."""
    steps = chain(str(found.authority), service=rule.service, area=area, among=snapshot.agreements)
    if not steps:
        return found
    return replace(
        found,
        authority=steps[-1].acting,
        verified=found.verified and all(step.verified for step in steps),
        considered=(
            *(Candidate(authority=step.principal, why=Why.ANOTHER_WORKS_FOR_IT) for step in steps),
            *found.considered,
        ),
        on_behalf_of=tuple(step.principal for step in steps),
        agreements=tuple(step.id for step in steps),
    )


def _principal(rule: Competence, area: Area, snapshot: DirectorySnapshot) -> AreaResult:
    certain = rule.verified
    match rule.decides:
        case "district":
            return _district(rule, area, snapshot)
        case "municipality":
            authority = area.administration
        case "region":
            authority = snapshot.directory.regions[area.region].administration
        case "ihk" | "hwk":
            chamber = snapshot.chamber(rule.decides, area)
            authority, certain = chamber.value, certain and chamber.verified
        case "authority":
            authority = rule.target
        case "nobody":
            authority = NOBODY
        case _:  # open
            authority = None
    return AreaResult(authority=authority, verified=certain and authority is not None)


def _district(rule: Competence, area: Area, snapshot: DirectorySnapshot) -> AreaResult:
    district = snapshot.directory.districts[area.district].administration
    municipality = area.administration
    if rule.municipality_if is None or municipality is None or municipality == district:
        return AreaResult(authority=district, verified=rule.verified)
    fulfilled, certain = _fulfils(area, rule.municipality_if, snapshot)
    if fulfilled is None:
        either = (Candidate(authority=party, why=Why.UNSETTLED) for party in (municipality, district))
        return AreaResult(authority=None, verified=False, considered=tuple(either))
    if fulfilled:
        loser = Candidate(authority=district, why=Why.MUNICIPALITY_DECIDES)
        return AreaResult(authority=municipality, verified=rule.verified and certain, considered=(loser,))
    loser = Candidate(authority=municipality, why=Why.DISTRICT_DECIDES)
    return AreaResult(authority=district, verified=rule.verified and certain, considered=(loser,))


def _receiver(condition: MunicipalityCondition, area: Area, snapshot: DirectorySnapshot) -> str | None:
    district = snapshot.directory.districts[area.district].administration
    if area.administration is None:
        return district
    fulfilled, _ = _fulfils(area, condition, snapshot)
    return {True: area.administration, False: district, None: None}[fulfilled]


def _fulfils(
    area: Area, condition: MunicipalityCondition, snapshot: DirectorySnapshot
) -> tuple[bool | None, bool]:
    """Whether the condition is met (None: no figure is known) and whether that is verified."""
    if condition.kind == "listed":
        entry = snapshot.listing(condition.argument, area)
        return entry is not None, entry is None or entry.verified
    population = snapshot.population(area)
    if population is None:
        return None, False
    return population.people > int(condition.argument), population.verified

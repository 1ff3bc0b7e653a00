"""Where one row of law leads in one area on one day: the step that knows levels, lists, chambers and agreements."""

from dataclasses import dataclass, replace

from services.router.domain.agreements import chain
from services.router.domain.day import Day
from services.router.domain.entries import Area, Competence, Condition
from shared.events.competence import Candidate, Why

NOBODY = "nobody"
"""Stands for the authority of a service that is no longer offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """The acting authority (`NOBODY`: the service ended; None: the sources are silent), and who was considered."""

    authority: str | None
    verified: bool
    considered: tuple[Candidate, ...] = ()
    on_behalf_of: tuple[str, ...] = ()
    agreements: tuple[str, ...] = ()
    received_by: str | None = None


def lead(rule: Competence, area: Area, day: Day) -> Lead:
    """Where the rule leads in this area; worked out once a day."""
    key = (day.shape(rule), area.ags)
    if key not in day.leads:
        found = _principal(rule, area, day)
        if found.authority is not None and found.authority != NOBODY:
            found = acting(found, rule, area=area.ags, day=day)
        if rule.received_if is not None:
            found = replace(found, received_by=_receiver(rule.received_if, area, day))
        day.leads[key] = found
    return day.leads[key]


def acting(found: Lead, rule: Competence, *, area: str | None, day: Day) -> Lead:
    """The same lead after all agreements that concern it."""
    steps = chain(str(found.authority), service=rule.service, area=area, among=day.agreements)
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


def _principal(rule: Competence, area: Area, day: Day) -> Lead:
    certain = rule.verified
    match rule.decides:
        case "district":
            return _district(rule, area, day)
        case "municipality":
            authority = area.administration
        case "region":
            authority = day.directory.regions[area.region].administration
        case "ihk" | "hwk":
            chamber = day.chamber(rule.decides, area)
            authority, certain = chamber.value, certain and chamber.verified
        case "authority":
            authority = rule.target
        case "nobody":
            authority = NOBODY
        case _:  # open
            authority = None
    return Lead(authority=authority, verified=certain and authority is not None)


def _district(rule: Competence, area: Area, day: Day) -> Lead:
    district = day.directory.districts[area.district].administration
    municipality = area.administration
    if rule.municipality_if is None or municipality is None or municipality == district:
        return Lead(authority=district, verified=rule.verified)
    fulfilled, certain = _fulfils(area, rule.municipality_if, day)
    if fulfilled is None:
        either = (Candidate(authority=party, why=Why.UNSETTLED) for party in (municipality, district))
        return Lead(authority=None, verified=False, considered=tuple(either))
    if fulfilled:
        loser = Candidate(authority=district, why=Why.MUNICIPALITY_DECIDES)
        return Lead(authority=municipality, verified=rule.verified and certain, considered=(loser,))
    loser = Candidate(authority=municipality, why=Why.DISTRICT_DECIDES)
    return Lead(authority=district, verified=rule.verified and certain, considered=(loser,))


def _receiver(condition: Condition, area: Area, day: Day) -> str | None:
    district = day.directory.districts[area.district].administration
    if area.administration is None:
        return district
    fulfilled, _ = _fulfils(area, condition, day)
    return {True: area.administration, False: district, None: None}[fulfilled]


def _fulfils(area: Area, condition: Condition, day: Day) -> tuple[bool | None, bool]:
    """Whether the condition is met (None: no figure is known) and whether that is verified."""
    if condition.kind == "listed":
        entry = day.listing(condition.argument, area)
        return entry is not None, entry is None or entry.verified
    population = day.population(area)
    if population is None:
        return None, False
    return population.people > int(condition.argument), population.verified

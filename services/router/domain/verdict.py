"""One row of law over one or many areas: routed when all of them lead to the same authority, else parked."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.router.domain.day import Day
from services.router.domain.entries import Area, Competence
from services.router.domain.leads import NOBODY, Lead, lead
from services.router.domain.places import Located
from shared.events.competence import Candidate, Reason, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision before it is tied to its inquiry; exactly one of ``authority`` and ``reason`` is set."""

    authority: str | None = None
    reason: Reason | None = None
    verified: bool = False
    candidates: tuple[Candidate, ...] = ()
    on_behalf_of: tuple[str, ...] = ()
    agreements: tuple[str, ...] = ()
    received_by: tuple[str, ...] = ()
    use_instead: str | None = None
    areas: tuple[str, ...] = ()
    reaches_beyond: bool = False


def verdict(rule: Competence, located: Located, day: Day) -> Verdict:
    """What the rule says about these areas; worked out once a day."""
    key = (day.shape(rule), located.key)
    if key not in day.verdicts:
        day.verdicts[key] = _verdict(rule, located, day)
    return day.verdicts[key]


def _verdict(rule: Competence, located: Located, day: Day) -> Verdict:
    leads = [lead(rule, area, day) for area in located.areas]
    leading = {found.authority for found in leads}
    areas = tuple(area.ags for area in located.areas)
    if leading == {None}:
        silent = _once(candidate for found in leads for candidate in found.considered)
        return Verdict(reason=Reason.AMBIGUOUS_COMPETENCE, candidates=silent, areas=areas)
    if len(leading) > 1 or located.beyond:
        possible = tuple(
            Candidate(authority=authority, why=Why.POSSIBLE_PLACE)
            for authority in sorted(filter(None, leading - {NOBODY}))
        )
        return Verdict(
            reason=Reason.AMBIGUOUS_PLACE, candidates=possible, areas=areas, reaches_beyond=located.beyond
        )
    if leading == {NOBODY}:
        return Verdict(
            reason=Reason.NOT_OFFERED, verified=rule.verified, use_instead=rule.use_instead, areas=areas
        )
    return _routed(rule, leads, excluded=located.excluded, areas=areas, day=day)


def _routed(
    rule: Competence, leads: list[Lead], *, excluded: Iterable[Area], areas: tuple[str, ...], day: Day
) -> Verdict:
    authority = leads[0].authority
    elsewhere = (lead(rule, area, day).authority for area in excluded)
    lost = [
        *(candidate for found in leads for candidate in found.considered),
        *(Candidate(authority=other, why=Why.OTHER_TOWN) for other in elsewhere if other is not None),
    ]
    receivers = {found.received_by for found in leads}
    return Verdict(
        authority=authority,
        verified=all(found.verified for found in leads),
        candidates=_once(candidate for candidate in lost if candidate.authority != authority),
        on_behalf_of=tuple(dict.fromkeys(party for found in leads for party in found.on_behalf_of)),
        agreements=tuple(dict.fromkeys(agreement for found in leads for agreement in found.agreements)),
        received_by=tuple(receiver for receiver in receivers if receiver is not None)
        if len(receivers) == 1
        else (),
        areas=areas,
    )


def _once(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each authority once, with the first reason given, in the order of ids."""
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.authority, candidate)
    return tuple(first[authority] for authority in sorted(first))

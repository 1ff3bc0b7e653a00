"""One rule over one or many areas: routed if it names the same authority for all of them, otherwise parked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.router.domain.decision.places import Located
from services.router.domain.decision.rules import NOBODY, AreaResult, acting
from services.router.domain.decision.snapshot import DirectorySnapshot
from services.router.domain.directory.model import Area, Competence
from shared.events.competence import Candidate, Reason, Why

InArea = Callable[[Area], AreaResult]
"""The result of the rule in question for an area."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """An answer without its inquiry; exactly one of ``authority`` and ``reason`` is set.

    It is compared and hashed by identity, which makes it a cheap key of the resolver's cache.
    """

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


def over_areas(rule: Competence, located: Located, in_area: InArea) -> Decision:
    """The decision of the rule for these areas."""
    results = [in_area(area) for area in located.areas]
    named = {found.authority for found in results}
    areas = tuple(area.ags for area in located.areas)
    if located.unclear is not None:
        return Decision(reason=located.unclear, candidates=_possible(named), areas=areas)
    if named == {None}:
        silent = _once(candidate for found in results for candidate in found.considered)
        return Decision(reason=Reason.AMBIGUOUS_COMPETENCE, candidates=silent, areas=areas)
    if len(named) > 1 or located.beyond:
        possible = _possible(named)
        return Decision(
            reason=Reason.AMBIGUOUS_PLACE, candidates=possible, areas=areas, reaches_beyond=located.beyond
        )
    if named == {NOBODY}:
        return Decision(
            reason=Reason.NOT_OFFERED, verified=rule.verified, use_instead=rule.use_instead, areas=areas
        )
    return _routed(results, excluded=map(in_area, located.excluded), areas=areas)


def chosen(choice: str | None, rule: Competence, snapshot: DirectorySnapshot) -> Decision:
    """The decision by the applicant's choice among all authorities of a kind, independent of place."""
    offered = snapshot.offered[rule.decides]
    if choice not in offered:
        every = tuple(Candidate(authority=authority, why=Why.OFFERED) for authority in offered)
        return Decision(reason=Reason.CHOICE_REQUIRED, candidates=every)
    first = AreaResult(authority=choice, verified=rule.verified)
    found = acting(first, rule, area=None, snapshot=snapshot)
    others = (
        Candidate(authority=other, why=Why.NOT_CHOSEN)
        for other in offered
        if other not in (choice, found.authority)
    )
    return Decision(
        authority=found.authority,
        verified=found.verified,
        candidates=(*found.considered, *others),
        on_behalf_of=found.on_behalf_of,
        agreements=found.agreements,
    )


def _routed(results: list[AreaResult], *, excluded: Iterable[AreaResult], areas: tuple[str, ...]) -> Decision:
    authority = results[0].authority
    lost = [
        *(candidate for found in results for candidate in found.considered),
        *(
            Candidate(authority=found.authority, why=Why.OTHER_TOWN)
            for found in excluded
            if found.authority is not None
        ),
    ]
    receivers = {found.received_by for found in results}
    return Decision(
        authority=authority,
        verified=all(found.verified for found in results),
        candidates=_once(candidate for candidate in lost if candidate.authority != authority),
        on_behalf_of=tuple(dict.fromkeys(party for found in results for party in found.on_behalf_of)),
        agreements=tuple(dict.fromkeys(agreement for found in results for agreement in found.agreements)),
        received_by=tuple(filter(None, receivers)) if len(receivers) == 1 else (),
        areas=areas,
    )


def _possible(named: Iterable[str | None]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(authority=authority, why=Why.POSSIBLE_PLACE)
        for authority in sorted(authority for authority in named if authority not in {None, NOBODY})
    )


def _once(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each authority once, with the first reason given, in the order of ids."""
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.authority, candidate)
    return tuple(first[authority] for authority in sorted(first))

"""One authority works for another: who acts in the end, and what an agreement must not do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from services.router.domain.entries import Agreement, Days
from services.router.domain.tables import BrokenDirectory

if TYPE_CHECKING:
    from services.router.domain.directory import Directory


def chain(
    authority: str, *, service: str, area: str | None, among: Mapping[str, Sequence[Agreement]]
) -> tuple[Agreement, ...]:
    """The agreements that lead from the competent authority to the acting one.

    ``among`` are those of the day by principal; as checked, they neither overlap nor go in circles.
    """
    steps: list[Agreement] = []
    while found := next((a for a in among.get(authority, ()) if a.concerns(service, area)), None):
        steps.append(found)
        authority = found.acting
    return tuple(steps)


def by_principal(agreements: Iterable[Agreement], day: date) -> Mapping[str, Sequence[Agreement]]:
    """The agreements in force on a day, under the authority that somebody acts for.

    Cooperation comes before deputies: who has given a task away need not be stood in for.
    """
    found: dict[str, list[Agreement]] = defaultdict(list)
    for agreement in sorted(agreements, key=lambda agreement: agreement.kind):
        if day in agreement.days:
            found[agreement.principal].append(agreement)
    return found


def check_agreements(agreements: Iterable[Agreement], *, directory: "Directory") -> None:
    """Refuse unknown parties, gaps, overlaps and cycles, on whatever day they would arise.

    Raises:
        BrokenDirectory: the text names the agreement.
    """
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


def _check_parties(agreement: Agreement, directory: "Directory") -> None:
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
    """The days, services and areas of which both speak, if there are any."""
    days = Days(max(one.days.first, other.days.first), min(one.days.last, other.days.last))
    services = (
        one.services & other.services if one.services and other.services else one.services | other.services
    )
    areas = one.areas & other.areas if one.areas and other.areas else one.areas | other.areas
    if days.first > days.last or (not services and one.services) or (not areas and one.areas):
        return None
    return replace(one, days=days, services=services, areas=areas)


def _where(agreement: Agreement) -> str:
    return f"agreements, {agreement.id}"

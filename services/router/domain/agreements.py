"""One authority works for another: who acts in the end, and what an agreement must not do."""

from collections.abc import Iterable, Sequence
from datetime import date

from services.router.domain.directory import Directory
from services.router.domain.entries import Agreement
from services.router.domain.tables import BrokenDirectory


def chain(
    authority: str, *, service: str, area: str | None, among: Sequence[Agreement]
) -> tuple[Agreement, ...]:
    """The agreements that lead from the competent authority to the acting one; ``among`` are those of the day."""
    steps: list[Agreement] = []
    while True:
        found = next((a for a in among if a.principal == authority and a.concerns(service, area)), None)
        if found is None:
            return tuple(steps)
        steps.append(found)
        authority = found.acting


def check_agreements(agreements: Iterable[Agreement], *, directory: Directory) -> None:
    """Refuse unknown parties, gaps, overlaps and cycles, on whatever day they would arise.

    Raises:
        BrokenDirectory: the text names the agreement.
    """
    accepted: list[Agreement] = []
    for agreement in agreements:
        _check_parties(agreement, directory)
        for other in accepted:
            if other.principal == agreement.principal and _meet(other, agreement):
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
    def reaches(authority: str, term: Agreement, seen: frozenset[str]) -> bool:
        return authority == agreement.principal or any(
            other.principal == authority
            and _meet(other, term)
            and reaches(other.acting, other, seen | {authority})
            for other in accepted
            if other.acting not in seen
        )

    if reaches(agreement.acting, agreement, frozenset({agreement.acting})):
        raise BrokenDirectory(_where(agreement), f"it closes a circle back to {agreement.principal}")


def _meet(one: Agreement, other: Agreement) -> bool:
    """Whether there is a day, a service and an area of which both speak."""
    return (
        one.days.overlaps(other.days)
        and (not one.services or not other.services or bool(one.services & other.services))
        and (not one.areas or not other.areas or bool(one.areas & other.areas))
    )


def _where(agreement: Agreement) -> str:
    return f"agreements, {agreement.id}"


def on(agreements: Iterable[Agreement], day: date) -> tuple[Agreement, ...]:
    """The agreements in force on a day."""
    return tuple(agreement for agreement in agreements if day in agreement.days)

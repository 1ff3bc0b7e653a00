"""Agreements by which one authority acts for another: which one acts in the end."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from services.router.domain.directory.model import Agreement


def chain(
    authority: str, *, service: str, area: str | None, among: Mapping[str, Sequence[Agreement]]
) -> tuple[Agreement, ...]:
    """The agreements that lead from the competent authority to the acting one.

    ``among`` are the agreements of the day by principal; validation ensures that they neither overlap nor form a circle.
    """
    steps: list[Agreement] = []
    while found := next((a for a in among.get(authority, ()) if a.concerns(service, area)), None):
        steps.append(found)
        authority = found.acting
    return tuple(steps)


def by_principal(agreements: Iterable[Agreement], day: date) -> Mapping[str, Sequence[Agreement]]:
    """The agreements in force on a day, by the authority that another acts for.

    Cooperation comes before deputies: an authority that has transferred a task needs no deputy for it.
    """
    found: dict[str, list[Agreement]] = defaultdict(list)
    for agreement in sorted(agreements, key=lambda agreement: agreement.kind):
        if day in agreement.days:
            found[agreement.principal].append(agreement)
    return found

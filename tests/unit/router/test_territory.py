from datetime import date

import pytest

from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.territory import territory
from shared.events.competence import Inquiry, Place
from tests.support.routing import hessen

pytestmark = pytest.mark.slow

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize("kind", ["municipality", "district", "region", "ihk", "hwk"])
def test_what_the_resolver_says_of_a_place_lies_in_the_authoritys_territory(kind: str) -> None:
    directory = hessen()
    rules = {
        key: row
        for key, rows in directory.competences.items()
        for row in rows
        if row.decides == kind and not row.by_choice and TODAY in row.days and row.municipality_if is None
    }
    service = min(rules)
    resolver = Resolver(directory)
    found = 0
    for ags, area in directory.areas.items():
        if TODAY not in area.days:
            continue
        decision = resolver.resolve(Inquiry(service=service, place=Place(ags=ags), on=TODAY))
        if decision.authority is not None and not decision.agreements:
            assert ags in territory(decision.authority, directory=directory, on=TODAY)
            found += 1
    assert found > 400


def test_an_unknown_authority_works_nowhere_and_one_of_the_land_everywhere() -> None:
    directory = hessen()
    assert territory("g-00000000", directory=directory, on=TODAY) == frozenset()
    everywhere = {ags for ags, area in directory.areas.items() if TODAY in area.days}
    assert territory("land-hlfgp", directory=directory, on=TODAY) == everywhere

"""Nordmark is invented; that it works without a line of code is the point."""

import pytest

from shared.events.competence import Place, Reason
from tests.support.directories import ask, nordmark

BOAT = "99900000000001"
BEACON = "99900000000002"
FERRY = "99900000000003"
BEACH = "99900000000004"


@pytest.mark.parametrize(
    ("service", "place", "on", "authority"),
    [
        (BOAT, Place(ags="01001000"), "2026-01-01", "g-01001000"),
        (BOAT, Place(plz="24901", town="Warft"), "2029-12-31", "g-01051002"),
        (BOAT, Place(ars="010510002"), "2030-01-01", "g-01051003"),
        (BOAT, Place(plz="24902", town="Siel"), "2030-01-01", "g-01051003"),
        (BEACON, Place(ars="01051"), "2029-12-31", "k-01051"),
        (BEACON, Place(ars="01051"), "2030-01-01", "g-01051003"),
        (FERRY, None, "2026-01-01", "land-nordmark"),
        (FERRY, Place(plz="24902"), "2026-01-01", "land-nordmark"),
        (BEACH, Place(ags="01001000"), "2027-12-31", "g-01001000"),
    ],
)
def test_another_land_answers_from_its_own_folder(
    service: str, place: Place | None, on: str, authority: str
) -> None:
    assert ask(nordmark(), service, place, on=on).authority == authority


@pytest.mark.parametrize(
    ("service", "place", "on", "reason"),
    [
        (BOAT, Place(ags="06531005"), "2026-01-01", Reason.OUTSIDE_TERRITORY),
        (BOAT, Place(plz="35390"), "2026-01-01", Reason.OUTSIDE_TERRITORY),
        (BOAT, Place(plz="24999"), "2026-01-01", Reason.UNKNOWN_PLACE),
        (BOAT, Place(ags="01051003"), "2029-12-31", Reason.AMBIGUOUS_PLACE),
        (BEACH, Place(ags="01001000"), "2028-01-01", Reason.NOT_OFFERED),
        ("99050012104000", Place(ags="01001000"), "2026-01-01", Reason.UNKNOWN_SERVICE),
    ],
)
def test_another_land_parks_for_the_same_reasons(service: str, place: Place, on: str, reason: Reason) -> None:
    assert ask(nordmark(), service, place, on=on).reason is reason


def test_another_land_has_its_own_version_and_boundaries() -> None:
    assert [day.isoformat() for day in nordmark().boundaries] == ["2028-01-01", "2030-01-01"]
    assert len(nordmark().version) == 64

"""Which service and place lead a test submission to an authority."""

from datetime import date

import pytest

from amtsweg.conformance.destination import leading_to
from amtsweg.directory.folder import open_directory
from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def hessen() -> Directory:
    return open_directory(None)


@pytest.mark.parametrize(
    "authority", ["g-06531005", "k-06531", "ihk-giessen-friedberg", "rp-065", "land-havs"]
)
def test_a_service_is_found_that_leads_there(hessen: Directory, authority: str) -> None:
    inquiry = leading_to(authority, directory=hessen, on=DAY)

    assert inquiry is not None
    assert Resolver(hessen).resolve(inquiry).authority == authority


def test_an_authority_competent_for_nothing_has_no_destination(hessen: Directory) -> None:
    assert leading_to("nobody", directory=hessen, on=DAY) is None

"""To which countries a letter can go."""

from itertools import product
from string import ascii_uppercase

import pytest

from shared.countries import country_line

ASSIGNED = 249
"""So many codes of two letters ISO 3166-1 has assigned."""


def test_each_country_of_iso_3166_has_a_line_and_kosovo() -> None:
    named = {code for code in map("".join, product(ascii_uppercase, repeat=2)) if country_line(code)}
    assert len(named - {"XK"}) == ASSIGNED
    assert {"FR", "GB", "XK"} <= named


@pytest.mark.parametrize("code", ["", "EU", "IC", "fr", "276", "FRA"])
def test_what_is_no_country_has_no_line(code: str) -> None:
    assert country_line(code) is None

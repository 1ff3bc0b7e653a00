"""`docs/images/ihk.svg`: the districts of the chambers of commerce, which do not follow those of the administration."""

from datetime import date
from functools import cache

from amtsweg.directory.drawing import draw
from amtsweg.directory.folder import shipped
from shared.events.competence import Inquiry

_ASKED = Inquiry(service="99050031012000", on=date(2026, 3, 1))
"""Certificates of origin."""


@cache
def page() -> str:
    """The map as SVG; drawn once."""
    return draw(shipped(), _ASKED)

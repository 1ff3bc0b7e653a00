"""`docs/images/ihk.svg`: the districts of the chambers of commerce, which do not follow those of the administration."""

from datetime import date
from functools import cache

from amtsweg.directory.drawing import draw
from amtsweg.directory.folder import shipped

_CERTIFICATES_OF_ORIGIN = "99050031012000"
_ON = date(2026, 3, 1)


@cache
def page() -> str:
    """The map as SVG; drawn once."""
    return draw(shipped(), service=_CERTIFICATES_OF_ORIGIN, on=_ON)

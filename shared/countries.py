"""Countries as the last line of an address: in German and in capitals, as the Post of the sending country reads them."""

from typing import Final

from babel import Locale

_NO_COUNTRIES: Final = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]
)
"""Codes that CLDR names beside those of ISO 3166-1; XK, Kosovo, has none there and is written to."""


def country_line(code: str) -> str | None:
    """``FRANKREICH`` for ``FR``; None if there is no such country. Codes are those of ISO 3166-1 alpha-2, and XK."""
    name = None if code.isdigit() or code in _NO_COUNTRIES else Locale("de").territories.get(code)
    return None if name is None else name.upper()

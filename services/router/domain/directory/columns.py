"""The format of each column of each table, so that a table damaged by a spreadsheet is refused.

A spreadsheet silently turns keys into numbers, reformats dates, and saves text in its own encoding.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """``pattern`` matches the whole cell; ``expected`` says it in words."""

    pattern: re.Pattern[str]
    expected: str


def _kind(pattern: str, expected: str, *, may_be_empty: bool = False) -> ColumnKind:
    return ColumnKind(re.compile(f"(?:{pattern})?" if may_be_empty else pattern), expected)


_AUTHORITY_ID = "[a-z]{1,8}(?:-[a-z0-9]+)+"
_A_DAY = "a day as YYYY-MM-DD"

TEXT = _kind(
    r"(?![=+@\uff1d\uff0b\uff20-]|[0-9](?:[.,][0-9]+)?E\+?[0-9]+$).*",
    "text, not a formula or a shortened number",
)
AGS = _kind("[0-9]{8}", "a Gemeindeschlüssel: 8 digits")
AREA = _kind("[0-9]{2}|[0-9]{8}", "a Gemeindeschlüssel: 8 digits, or the Land's 2")
AGS_LIST = _kind(
    "[0-9]{8}(?: [0-9]{8})*", "Gemeindeschlüssel of 8 digits, with blanks between", may_be_empty=True
)
ARS = _kind("[0-9]{12}", "a Regionalschlüssel: 12 digits")
DISTRICT = _kind("[0-9]{5}", "the key of a Kreis: 5 digits")
REGION = _kind("[0-9]{3}", "the key of a Regierungsbezirk: 3 digits")
POSTCODE = _kind("[0-9]{5}", "a postcode: 5 digits")
POSTCODE_OR_NONE = _kind("[0-9]{5}", "a postcode: 5 digits", may_be_empty=True)
SERVICE = _kind("[0-9]{14}", "a service key: 14 digits")
SERVICE_OR_NONE = _kind("[0-9]{14}", "a service key: 14 digits", may_be_empty=True)
SERVICE_LIST = _kind(
    "[0-9]{14}(?: [0-9]{14})*", "service keys of 14 digits, with blanks between", may_be_empty=True
)
AUTHORITY = _kind(_AUTHORITY_ID, "the id of an authority, such as g-06531005")
AUTHORITY_OR_NONE = _kind(_AUTHORITY_ID, "the id of an authority, such as g-06531005", may_be_empty=True)
DAY = _kind("[0-9]{4}-[0-9]{2}-[0-9]{2}", _A_DAY)
DAY_OR_NONE = _kind("[0-9]{4}-[0-9]{2}-[0-9]{2}", _A_DAY, may_be_empty=True)
NUMBER = _kind("[0-9]{1,12}", "a number")
NUMBER_OR_NONE = _kind("[0-9]{1,12}", "a number", may_be_empty=True)
FLAG = _kind("yes|no", "yes or no")

_DATED: Mapping[str, ColumnKind] = {"valid_from": DAY_OR_NONE, "valid_to": DAY_OR_NONE}
_VERIFIED: Mapping[str, ColumnKind] = {"source": TEXT, "verified": FLAG}

KINDS: Mapping[str, Mapping[str, ColumnKind]] = {
    "authorities": {
        "id": AUTHORITY, "kind": TEXT, "name": TEXT, "seat": TEXT, "code": TEXT, **_DATED, **_VERIFIED,
    },
    "areas": {
        "ags": AGS, "ars": ARS, "name": TEXT, "kind": TEXT, "district": DISTRICT, "region": REGION,
        "administration": AUTHORITY_OR_NONE, **_DATED, "source": TEXT,
    },
    "districts": {
        "key": DISTRICT, "name": TEXT, "region": REGION, "administration": AUTHORITY, "nuts3": TEXT, **_DATED,
        "source": TEXT,
    },
    "regions": {"key": REGION, "name": TEXT, "administration": AUTHORITY, "source": TEXT},
    "successions": {"old": AGS, "day": DAY, "new": AGS, "kind": TEXT},
    "names": {"ags": AGS, "name": TEXT, "source": TEXT},
    "localities": {"ags": AGS, "name": TEXT, "postcode": POSTCODE_OR_NONE, "geonames": NUMBER_OR_NONE},
    "populations": {"ags": AGS, **_DATED, "people": NUMBER, "counted_on": DAY, **_VERIFIED},
    "postcodes": {
        "postcode": POSTCODE, "ags": AGS, "quality": TEXT, "main": FLAG, "other_land": FLAG, "note": TEXT,
    },
    "chambers": {"ags": AREA, "kind": TEXT, "chamber": AUTHORITY, **_DATED, **_VERIFIED},
    "services": {"key": SERVICE, "name": TEXT, "typing": TEXT, "source": TEXT},
    "competences": {
        "id": TEXT, "service": SERVICE, "when": TEXT, "decides": TEXT, "target": AUTHORITY_OR_NONE,
        "by_choice": FLAG, "municipality_if": TEXT, "received_if": TEXT, "use_instead": SERVICE_OR_NONE, **_DATED,
        "anchor": TEXT, "legal_basis": TEXT, **_VERIFIED, "note": TEXT,
    },
    "lists": {"list": TEXT, "ags": AGS, "title": TEXT, **_DATED, **_VERIFIED},
    "agreements": {
        "id": TEXT, "kind": TEXT, "acting": AUTHORITY, "principal": AUTHORITY, "services": SERVICE_LIST,
        "areas": AGS_LIST, **_DATED, **_VERIFIED,
    },
}  # fmt: skip
"""By table, its columns in their order."""

_DAMAGE: Mapping[str, re.Pattern[str]] = {
    "an error of a spreadsheet": re.compile(r"#(?:REF|N/A|NAME|VALUE|DIV/0|NULL|NUM|BEZUG|WERT|NV|ZAHL)\b"),
    "a sign that cannot be seen": re.compile(
        "[\x00-\x1f\x7f-\x9f\xad\u034f\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
        "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]"
    ),
    "a blank that does not break": re.compile("[\xa0\u2000-\u200a\u202f\u205f\u3000]"),
    "letters in the wrong encoding": re.compile("\ufffd|â€|ï»¿|[ÃÂ][^\\sA-Za-z]|\\w\\?\\w"),
    "a doubled blank, or one at its edge": re.compile("^ | $|  "),
}


def damage(cell: str) -> str | None:
    """What a spreadsheet, an editor or a wrong encoding has left in a text; None if it is clean."""
    if not _SUSPECT.search(cell):
        return None
    return next((what for what, pattern in _DAMAGE.items() if pattern.search(cell)), None)


_SUSPECT = re.compile("|".join(pattern.pattern for pattern in _DAMAGE.values()))
"""All of it at once, since nearly every cell is clean."""

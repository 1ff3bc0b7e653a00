"""A person's reason for an assignment: short, about competence, and without personal data as far as a program can tell.

The text is kept on permanent topics and in the audit log, so it is checked before anything is sent. Names without a
form of address are not recognised; the page says so.
"""

import re
from collections.abc import Mapping
from typing import Final

LONGEST: Final = 200
"""Characters."""

_PERSONAL: Final[Mapping[tuple[str, str], re.Pattern[str]]] = {
    ("eine E-Mail-Adresse", "an e-mail address"): re.compile(r"\S@\S"),
    ("eine Anrede", "a form of address"): re.compile(
        r"\b(Herrn?|Hr\.|Frau|Fr\.|Fam\.|Familie|Eheleute|Mrs?\.?|Ms\.?)\s+[A-ZÄÖÜ]"
    ),
    ("eine Kontonummer", "an account number"): re.compile(r"\b[A-Z]{2}[0-9]{2}( ?[A-Z0-9]{4}){3}"),
    ("eine Telefonnummer", "a telephone number"): re.compile(
        r"(\+|\b00)[0-9]{2}|\b0[0-9]{2,5} ?[-/ ] ?[0-9]{3}"
    ),
}
_POSTCODE_DIGITS: Final = 5
_LONG_NUMBER: Final = (
    "eine lange Nummer, die kein Schlüssel des Verzeichnisses ist",
    "a long number that is no key of the directory",
)
_KEY_DIGITS: Final = (8, 12, 14)
"""Digits of AGS, ARS and LeiKa key; other long numbers may identify a person."""


class BadAssignmentReason(Exception):  # noqa: N818 - the remark is bad, not the program
    """The reason is refused; ``de`` and ``en`` say what is expected, never what was written."""

    def __init__(self, *, de: str, en: str) -> None:
        self.de = de
        self.en = en
        super().__init__(de)


def read_assignment_reason(text: str) -> str:
    """Return the reason, trimmed: 1 to 200 characters on one line.

    Raises:
        BadAssignmentReason: it is empty, too long, or seems to contain personal data.
    """
    words = text.strip()
    if not 1 <= len(words) <= LONGEST or not words.isprintable():
        raise BadAssignmentReason(
            de=f"erwartet werden 1 bis {LONGEST} Zeichen in einer Zeile",
            en=f"expected 1 to {LONGEST} characters on one line",
        )
    found = [what for what, pattern in _PERSONAL.items() if pattern.search(words)]
    runs = [len(run) for run in re.findall(r"[0-9]+", words)]
    if any(digits > _POSTCODE_DIGITS and digits not in _KEY_DIGITS for digits in runs):
        found.append(_LONG_NUMBER)
    if found:
        de, en = found[0]
        raise BadAssignmentReason(
            de=f"darin steht {de}; das bleibt jahrelang stehen und darf nicht von Menschen handeln",
            en=f"it contains {en}; this is kept for years and must not be about people",
        )
    return words

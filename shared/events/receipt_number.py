"""The receipt number: what an applicant reads out on the telephone.

``AW-2026-7F3K-9Q2M-X4TN``: year of receipt, then eleven characters of Crockford's base 32 derived from the
submission's id, then a check character (Luhn modulo 32), so that a misheard number is noticed. It contains
no I, L, O or U, and tells nothing about how many submissions there are.
"""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.events.ids import child_id

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 11
_YEAR = 4
_MISREAD = str.maketrans("OIL", "011")
_CIVIL_TIME = "Europe/Berlin"


def receipt_number(submission: UUID, *, received_at: datetime) -> str:
    """Return the number; the year is that of the calendar day in Germany."""
    bits = child_id(submission, "receipt-number").int
    letters = "".join(_ALPHABET[bits >> 5 * place & 31] for place in range(_LENGTH))
    letters += _check_character(letters)
    groups = (letters[start : start + 4] for start in range(0, len(letters), 4))
    return "-".join(("AW", str(received_at.astimezone(ZoneInfo(_CIVIL_TIME)).year), *groups))


def read_number(text: str) -> str | None:
    """Return the number that a person typed, in its canonical spelling; None if it is not a receipt number.

    Small letters, blanks and missing hyphens are accepted, and so are O for 0 and I or L for 1 (Crockford).
    """
    letters = "".join(text.upper().split()).replace("-", "")
    if not letters.startswith("AW") or len(letters) != len("AW") + _YEAR + _LENGTH + 1:
        return None
    said = letters[2:].translate(_MISREAD)
    year, rest = said[:_YEAR], said[_YEAR:]
    if not (year.isascii() and year.isdigit()) or set(rest) - set(_ALPHABET):
        return None
    groups = (rest[start : start + 4] for start in range(0, len(rest), 4))
    return "-".join(("AW", year, *groups)) if rest[-1] == _check_character(rest[:-1]) else None


def as_written(text: str) -> str:
    """Return what a person typed to find a case in the canonical spelling of receipt numbers and ids.

    A text that is neither a receipt number nor a UUID is returned without surrounding blanks.
    """
    text = text.strip()
    if (number := read_number(text)) is not None:
        return number
    try:
        return str(UUID(text))
    except ValueError:
        return text


def _check_character(letters: str) -> str:
    total = 0
    for place, letter in enumerate(reversed(letters)):
        weighted = _ALPHABET.index(letter) * (1 if place % 2 else 2)
        total += weighted // 32 + weighted % 32
    return _ALPHABET[-total % 32]

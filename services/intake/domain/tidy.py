"""What people cannot see, and keyboards and copies leave behind, is taken from around what they wrote.

A blank behind an address must never refuse an application. What is empty then counts as absent.
"""

import unicodedata
from typing import Any

_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks without a shape, which Unicode counts as neither blank nor format."""

_INSIDE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Soft hyphen, zero-width space, word joiner, byte-order mark: nobody means them within an address."""


def trimmed(text: str) -> str:
    """Without blanks and invisible characters at both ends."""
    start, end = 0, len(text)
    while start < end and _invisible(text[start]):
        start += 1
    while end > start and _invisible(text[end - 1]):
        end -= 1
    return text[start:end]


def without_invisible(text: str) -> str:
    """Trimmed, and without those characters inside that have no width and no meaning."""
    return trimmed(text).translate(_INSIDE)


def tidied(value: Any) -> Any:
    """A member's value with its texts trimmed; None for a text or an object with nothing in it."""
    match value:
        case str():
            return trimmed(value) or None
        case dict():
            kept = {name: tidied(inner) for name, inner in value.items()}
            filled = {name: inner for name, inner in kept.items() if inner is not None}
            return filled or (None if value else value)
        case _:
            return value


def _invisible(letter: str) -> bool:
    return (
        letter.isspace()
        or unicodedata.category(letter) in {"Cf", "Zs"}
        or letter in _FILLERS
        or "\ufe00" <= letter <= "\ufe0f"
    )

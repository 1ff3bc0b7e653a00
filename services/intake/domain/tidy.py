"""Removes blanks and invisible characters that keyboards and copying leave around a text.

A blank after an address must not make intake refuse an application. A text that is empty then counts as absent.
"""

import unicodedata
from typing import Any

_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks without a shape that Unicode classifies as neither blank nor format."""

_INSIDE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Soft hyphen, zero-width space, word joiner, byte-order mark: never intended within an address."""


def trimmed(text: str) -> str:
    """The text without blanks and invisible characters at both ends."""
    start, end = 0, len(text)
    while start < end and _invisible(text[start]):
        start += 1
    while end > start and _invisible(text[end - 1]):
        end -= 1
    return text[start:end]


def without_invisible(text: str) -> str:
    """The trimmed text without the characters inside that have neither width nor meaning."""
    return trimmed(text).translate(_INSIDE)


def tidied(value: Any) -> Any:
    """A member's value with its texts trimmed; None for a text or object that is then empty."""
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

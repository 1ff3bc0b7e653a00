"""JSON that every parser reads alike (RFC 8259, RFC 7493): unique members, bounded depth, exact numbers.

Parsers disagree about doubled members (the first or the last counts) and about numbers that a double rounds. A document
that they could read differently is refused. The C scanner of the standard library parses; only a refused document is
walked through again, to name the places.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import Any, Final, Literal, NoReturn

DEEPEST = 64
"""How deep objects and arrays may be nested in a member's value."""

MOST_FAULTS = 20
"""How many faults one result names at most."""

LONGEST_NUMBER = 100
_EXACT_DIGITS = 15
"""Decimal digits that an IEEE 754 double always keeps."""

JsonFault = Literal[
    "doubled-member",
    "number-not-exact",
    "lone-surrogate",
    "nested-too-deep",
    "nul-character",
    "too-many-values",
]

_TOKEN = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?P<bracket>[\[\]{}])|(?P<constant>-?Infinity|NaN)', re.DOTALL
)
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_NUL_ESCAPE = "\\u0000"
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class NotJson:
    """Not JSON in UTF-8; ``line`` and ``column`` are counted from 1, in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class FaultPlace:
    """A fault and its place: a JSON Pointer (RFC 6901) with long names shortened."""

    pointer: str
    fault: JsonFault


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Limits beyond JSON itself: how many values a document may have (None: any number), and whether strings may contain NUL."""

    most_values: int | None = None
    nul: bool = True


NO_LIMITS: Final = DocumentLimits()


class _Doubled(dict[str, Any]):
    """An object with doubled members; ``doubled`` names them."""

    doubled: frozenset[str]


class _Inexact:
    """A number that no double can carry."""


class _NoNumberError(ValueError):
    """NaN or Infinity."""


def inspect(body: bytes, limits: DocumentLimits = NO_LIMITS) -> NotJson | tuple[FaultPlace, ...]:
    """Return where a document is not JSON, or the places that parsers would read differently; empty if there are none."""
    try:
        return _inspect(body.decode(), body, limits)
    except UnicodeDecodeError as error:
        before = body[: error.start].decode()
        return _at(before, len(before))


def _inspect(text: str, body: bytes, limits: DocumentLimits) -> NotJson | tuple[FaultPlace, ...]:
    found: list[None] = []
    try:
        value = _read(text, found)
    except json.JSONDecodeError as error:
        return NotJson(error.lineno, error.colno)
    except _NoNumberError:
        token = next(match for match in _TOKEN.finditer(text) if match["constant"])
        return _at(text, token.start())
    except RecursionError:
        return (_too_deep(text),)
    # Only now: in a well-formed document every quotation mark has its partner.
    bare = _without_strings(body)
    if _deeper_than(bare, DEEPEST + 1):
        return (_too_deep(text),)
    if limits.most_values is not None and _values(bare) > limits.most_values:
        return (FaultPlace("", "too-many-values"),)
    nul = not limits.nul and _NUL_ESCAPE in text
    doubtful = found or nul or _SURROGATE_ESCAPE.search(text)
    return tuple(islice(_places(value, "", nul=nul), MOST_FAULTS)) if doubtful else ()


def _read(text: str, found: list[None]) -> object:
    """Parse; ``found`` gets an entry for each value that makes a second pass necessary."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) == len(pairs):
            return read
        found.append(None)
        doubled = _Doubled(read)
        doubled.doubled = frozenset(name for name, times in Counter(n for n, _ in pairs).items() if times > 1)
        return doubled

    def number(digits: str) -> _Inexact | None:
        if _exact(digits):
            return None
        found.append(None)
        return _Inexact()

    return json.loads(
        text, object_pairs_hook=members, parse_int=number, parse_float=number, parse_constant=_refuse
    )


def _refuse(name: str) -> NoReturn:
    raise _NoNumberError(name)


def _exact(digits: str) -> bool:
    """Whether the shortest decimal of the nearest double equals this number."""
    if len(digits) <= _EXACT_DIGITS and "e" not in digits and "E" not in digits:
        return True
    if len(digits) > LONGEST_NUMBER:
        return False
    double = float(digits)
    if double == 0:
        return not digits.lower().partition("e")[0].strip("-0.")
    return isfinite(double) and Decimal(repr(double)) == Decimal(digits)


def _without_strings(body: bytes) -> bytes:
    """What stands outside the strings of a well-formed document; an expression would take five times as long."""
    return b"".join(body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])


def _deeper_than(bare: bytes, levels: int) -> bool:
    depth = 0
    for bracket in bare.translate(None, _NO_BRACKET):
        depth += 1 if bracket in b"[{" else -1
        if depth > levels:
            return True
    return False


def _values(bare: bytes) -> int:
    """An upper bound of the members and elements of a well-formed document, from what stands outside its strings."""
    return bare.count(b",") + bare.count(b"{") + bare.count(b"[")


def _too_deep(text: str) -> FaultPlace:
    """The place by line and column: a pointer into very deep nesting is too long to read."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["bracket"]:
            depth += 1 if token["bracket"] in "[{" else -1
        if depth > DEEPEST + 1:
            place = _at(text, token.start())
            return FaultPlace(f"line {place.line}, column {place.column}", "nested-too-deep")
    return FaultPlace("", "nested-too-deep")


def _places(value: object, pointer: str, *, nul: bool) -> Iterator[FaultPlace]:
    if isinstance(value, _Inexact):
        yield FaultPlace(pointer, "number-not-exact")
    elif isinstance(value, str):
        yield from _in_text(value, pointer, nul=nul)
    elif isinstance(value, dict):
        doubled = value.doubled if isinstance(value, _Doubled) else frozenset[str]()
        for name, inner in value.items():
            below = f"{pointer}/{_segment(name)}"
            if name in doubled:
                yield FaultPlace(below, "doubled-member")
            yield from _in_text(name, below, nul=nul)
            yield from _places(inner, below, nul=nul)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _places(inner, f"{pointer}/{position}", nul=nul)


def _in_text(text: str, pointer: str, *, nul: bool) -> Iterator[FaultPlace]:
    if _SURROGATE.search(text):
        yield FaultPlace(pointer, "lone-surrogate")
    if nul and "\0" in text:
        yield FaultPlace(pointer, "nul-character")


def shown_name(name: str) -> str:
    """A member's name as answers repeat it: unprintable characters are replaced, long names are shortened."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:_LONGEST_NAME]}…"


def _segment(name: str) -> str:
    """A member's name in a pointer."""
    return shown_name(name).replace("~", "~0").replace("/", "~1")


def _at(text: str, offset: int) -> NotJson:
    before = text[:offset]
    return NotJson(before.count("\n") + 1, len(before) - before.rfind("\n"))

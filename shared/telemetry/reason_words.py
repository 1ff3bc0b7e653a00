"""Why a record became a dead letter, a group has stopped or a part does not work: in words, German or English.

Services write their reasons in English, into the record and the log; the sentence is the key of the table. What the table
does not know, as of another release, stays as it is and is called technical text.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from shared.bounded_files import read_bounded_text
from shared.local_time import ReadIn

_BLANK: Final = re.compile(r"\{(\w+)([*+]?)\}")
_WORD: Final = r"\S+"
_ANYTHING: Final = ".+"
_TECHNICAL: Final[Mapping[ReadIn, str]] = {"de": "Technische Angabe: ", "en": "Technical text: "}


class _Known(NamedTuple):
    written: re.Pattern[str]
    nested: frozenset[str]
    words: Mapping[ReadIn, str]


@lru_cache(maxsize=4096)
def reason_words(reason: str, language: ReadIn) -> str:
    """The reason in this language; empty where there is none."""
    told = known_words(reason, language)
    return f"{_TECHNICAL[language]}{reason}" if told is None else told


def known_words(reason: str, language: ReadIn) -> str | None:
    """The reason in this language; None where the table does not know it."""
    if not reason:
        return ""
    for known in _table():
        if (found := known.written.fullmatch(reason)) is not None:
            values = {
                name: _within(value, language) if name in known.nested else value
                for name, value in found.groupdict().items()
            }
            return known.words[language].format_map(values)
    return None


def _within(reason: str, language: ReadIn) -> str:
    """A reason inside another; a single word is a name, a sentence that nobody knows is marked."""
    told = known_words(reason, language)
    if told is None:
        return f"{_TECHNICAL[language]}{reason}" if " " in reason else reason
    return told


@cache
def _table() -> Sequence[_Known]:
    """All that is known, what says most by itself first."""
    rows = tomllib.loads(read_bounded_text(Path(__file__).with_suffix(".toml")))["pairs"]
    return [_known(*row) for row in sorted(rows, key=lambda row: -len(_BLANK.sub("", row[0])))]


def _known(written: str, german: str, english: str = "") -> _Known:
    shape, at, nested = "", 0, set[str]()
    for blank in _BLANK.finditer(written):
        name, sort = blank.groups()
        shape += f"{re.escape(written[at : blank.start()])}(?P<{name}>{_ANYTHING if sort else _WORD})"
        at = blank.end()
        nested |= {name} if sort == "+" else set()
    english = _BLANK.sub(r"{\1}", english or written)
    shape += re.escape(written[at:])
    return _Known(re.compile(shape, re.DOTALL), frozenset(nested), {"de": german, "en": english})

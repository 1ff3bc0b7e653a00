"""The words of a place name as people write it: case, umlauts, abbreviations, brackets, dashes, titles.

A name is read word by word, so that no word is overlooked: it is known which words belong to no known name.
"""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from itertools import product
from typing import Literal

NameWords = tuple[str, ...]
"""The significant words of a name, normalised and in order, without titles and small words."""

Gap = Literal["space", "hyphen", "of", "bracket", "comma", "and"]
"""What precedes a word, from the tightest to the widest. ``of``: am, an der, im, as before a river.
``bracket``: a bracket or a slash. ``and``: what joins two names."""

_GAPS: tuple[Gap, ...] = ("space", "hyphen", "of", "bracket", "comma", "and")
_WORD = re.compile(r"[0-9]+|(?:(?![0-9_])\w)+")
_HIDDEN = re.compile(r"[^\W_]\0+[^\W_]")
_UMLAUT = re.compile(r"(?<=[aou])e")
_JOINED = re.compile(r"^(Alt|Groß|Klein|Neu|Nieder|Ober|Unter)(?!stadt)([a-zäöü]{3,})")
_GLUED = re.compile(r"(?<=[a-zäöüß]{2})(?=[A-ZÄÖÜ])")
_BROKEN = re.compile("[ÂÃ][\u0080-\u00bf\u0152-\u2122]")
_BASE = re.compile(
    r"\s*[(,/]|\s+(?:am|an der|an dem|auf der|auf dem|bei|im|in der|in|vor der|vor dem|a\.|i\.|v\.|b\.)\s*"
)
_SMALL = frozenset(
    [
        "a",
        "adl",
        "am",
        "an",
        "auf",
        "b",
        "bei",
        "c",
        "d",
        "das",
        "dem",
        "den",
        "der",
        "die",
        "i",
        "im",
        "in",
        "o",
        "u",
        "und",
        "v",
        "von",
        "vor",
        "z",
        "zu",
        "zum",
        "zur",
    ]
)
_AND = frozenset({"u", "und"})
_BEI = frozenset({"b", "bei"})
_BEI_OR_BAD = "b"
"""At the beginning, or after a comma or the like, it abbreviates a name; elsewhere it is a small word."""

_TITLES = frozenset(
    [
        "barockstadt",
        "europastadt",
        "festspielstadt",
        "gde",
        "gem",
        "gemeinde",
        "gemeindeverwaltung",
        "gemeindevorstand",
        "hansestadt",
        "hochschulstadt",
        "kreisstadt",
        "krst",
        "landeshauptstadt",
        "lh",
        "kurstadt",
        "lhst",
        "magistrat",
        "markt",
        "marktflecken",
        "marktgemeinde",
        "rathaus",
        "reformationsstadt",
        "residenzstadt",
        "stadt",
        "stadtverwaltung",
        "uni",
        "univ",
        "universitatsstadt",
        "wissenschaftsstadt",
    ]
)
_PARTS = frozenset(["gemarkung", "ortschaft", "ortsteil", "ot", "stadtteil", "stt"])
_SHORT: dict[str, tuple[str, ...]] = {
    "b": ("bad",),
    "bd": ("bad",),
    "bergstr": ("bergstrasse",),
    "e": ("eder", "efze"),
    "f": ("fulda",),
    "fd": ("fulda",),
    "ffm": ("frankfurt",),
    "gr": ("gross",),
    "h": ("hohe", "hessen"),
    "hess": ("hessen", "hessisch"),
    "kl": ("klein",),
    "l": ("lahn", "lumda"),
    "m": ("main",),
    "n": ("neckar",),
    "nd": ("nieder",),
    "o": ("odenwald", "ohm"),
    "ob": ("ober",),
    "odw": ("odenwald",),
    "rh": ("rhein",),
    "st": ("sankt",),
    "str": ("strasse",),
    "t": ("taunus",),
    "ts": ("taunus",),
    "vdh": ("hohe",),
    "w": ("werra", "wetterau"),
    "wett": ("wetterau",),
}
_CLOSING = {ord(sign): None for sign in ")]}"}
_LOOKS_EMPTY = "\u115f\u1160\u3164\uffa0\u2800"
_LOOKS_LIKE_A_DASH = "\u2212\u2043\u02d7\u30fc\uff70~"


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a written place.

    Attributes:
        text: The normalised word.
        meanings: The words it may stand for; several where it abbreviates several.
        dotted: A dot follows: it may stand for any word that begins with it.
        gap: What precedes it.
        near: "bei" precedes it: it only says near which place another one lies.
    """

    text: str
    meanings: frozenset[str]
    dotted: bool
    gap: Gap
    near: bool = False

    def means(self, word: str, *, least: int) -> bool:
        """Whether it may stand for the word; if abbreviated by a dot, it must have ``least`` letters."""
        return word in self.meanings or (
            self.dotted and len(self.text) >= least and word.startswith(self.text)
        )


def tokens(written: str) -> tuple[Token, ...]:
    """The significant words; none if the text has only signs and invisible characters."""
    plain = _plain(written)
    found: list[Token] = []
    skipped: list[Token] = []
    gap: Gap = "comma"
    near = False
    end = 0
    for match in _WORD.finditer(plain):
        gap = _wider(gap, _gap(plain[end : match.start()]))
        end = match.end()
        token = _token(match[0], dotted=plain.startswith(".", end), gap=gap, near=near)
        begins = token.text == _BEI_OR_BAD and _GAPS.index(gap) > _GAPS.index("of")
        if not begins and _is_small(token, plain[end:]):
            gap = _wider(gap, "and" if token.text in _AND else "of")
            near |= token.text in _BEI
        elif token.text in _PARTS:
            gap = "comma"
        elif token.text in _TITLES:
            skipped.append(token)
        else:
            found.append(token)
            gap, near = "space", False
    return tuple(found or skipped)


def hides_a_break(written: str) -> bool:
    """Whether there is an invisible character between two letters, where a blank may have been meant."""
    signs = ("\0" if _cannot_be_seen(char) else char for char in _restored(written))
    return _HIDDEN.search("".join(signs)) is not None


@lru_cache(maxsize=32_768)
def spellings(name: str) -> frozenset[NameWords]:
    """The spellings of a known name: in full, short, without hyphens, and such as Badhomburg and Ober-Ursel.

    What an official name has after a comma may stand first: Hanau, Brüder-Grimm-Stadt.
    """
    short = base(name)
    town, _, addition = name.partition(", ")
    first = (f"{addition} {town}", f"{addition} {short}", f"{addition.replace('-', '').casefold()} {short}")
    variants = (
        name,
        short,
        name.replace("-", "").casefold(),
        short.replace("Bad ", "Bad").casefold(),
        _JOINED.sub(r"\1-\2", short),
        *(first if addition else ()),
    )
    return frozenset(words for variant in variants for words in _words(variant) if words)


def qualifiers(name: str) -> frozenset[str]:
    """The words that distinguish a place from its namesakes: lahn in Limburg a. d. Lahn."""
    whole, short = (
        frozenset(word for words in _words(text) for word in words) for text in (name, base(name))
    )
    return whole - short


def base(name: str) -> str:
    """The name without the part that distinguishes it from namesakes: Limburg in Limburg a. d. Lahn."""
    return _BASE.split(name, maxsplit=1)[0]


def _words(name: str) -> Iterable[NameWords]:
    return product(*(sorted(token.meanings) for token in tokens(name)))


def _plain(written: str) -> str:
    """Normalise letters and dashes, and remove invisible characters."""
    found = []
    for char in unicodedata.normalize("NFKD", _restored(written)).casefold():
        if not _cannot_be_seen(char) and unicodedata.category(char) not in {"Mn", "Me"}:
            is_dash = unicodedata.category(char) == "Pd" or char in _LOOKS_LIKE_A_DASH
            found.append("-" if is_dash else char)
    return "".join(found)


def _restored(written: str) -> str:
    """The text before an export replaced its letters (by HTML, by reading UTF-8 as Windows-1252) or lost its blanks."""
    text = unescape(written) if "&" in written else written
    if _BROKEN.search(text):
        with suppress(UnicodeError):
            text = text.encode("cp1252").decode()
    return _GLUED.sub(" ", text)


def _cannot_be_seen(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or char in _LOOKS_EMPTY


def _token(word: str, *, dotted: bool, gap: Gap, near: bool) -> Token:
    text = _UMLAUT.sub("", word)
    return Token(text, frozenset(_SHORT.get(text, (text,))), dotted, gap, near)


def _is_small(token: Token, rest: str) -> bool:
    """Whether it is a small word; an abbreviation at the end is none, such as the O in Homberg/O."""
    return token.text in _SMALL and (token.text not in _SHORT or _WORD.search(rest) is not None)


def _gap(between: str) -> Gap:
    between = between.translate(_CLOSING)
    if not between.strip(" .'’´`\""):
        return "space"
    if between in {"-", ".-"}:
        return "hyphen"
    if any(sign in between for sign in "&+"):
        return "and"
    if any(sign in between for sign in "/([{<\\"):
        return "bracket"
    return "comma"


def _wider(one: Gap, other: Gap) -> Gap:
    return max(one, other, key=_GAPS.index)

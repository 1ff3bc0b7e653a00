"""When two spellings name the same town: case, umlauts, abbreviations, brackets, titles.

Only ever asked about the few municipalities of one postcode, so that being generous is safe.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_UMLAUT = re.compile(r"(?<=[aou])e")
_QUALIFIER = re.compile(
    r"\s*[(,/]|\s+(?:am|an der|an dem|auf der|auf dem|bei|im|in der|in|vor der|vor dem|a\.|i\.|v\.|b\.)\s*"
)
_SMALL_WORDS = frozenset(
    {"a", "am", "an", "auf", "b", "bei", "d", "dem", "den", "der", "i", "im", "in", "v", "vor", "von"}
)
_TITLES = frozenset(
    {
        "gemeinde",
        "hansestadt",
        "hochschulstadt",
        "kreisstadt",
        "landeshauptstadt",
        "markt",
        "marktflecken",
        "marktgemeinde",
        "stadt",
        "universitatsstadt",
        "wissenschaftsstadt",
    }
)
_SHORT = {
    "f": "fulda",
    "fd": "fulda",
    "h": "hoehe",
    "hess": "hessen",
    "l": "lahn",
    "m": "main",
    "odw": "odenwald",
    "rh": "rhein",
    "st": "sankt",
    "t": "taunus",
    "ts": "taunus",
    "vdh": "hoehe",
    "w": "werra",
}

Form = frozenset[str]


@lru_cache(maxsize=16384)
def form(name: str) -> Form:
    """The words that matter, in one spelling, in any order; titles (Stadt, Universitätsstadt) left out.

    Rüsselsheim, Ruesselsheim and Russelsheim are one: ä, ae and a count alike, and so on.
    """
    folded = unicodedata.normalize("NFD", name).casefold()
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    words = [_SHORT.get(word, word) for word in re.findall(r"[a-z0-9]+", plain) if word not in _SMALL_WORDS]
    words = [_UMLAUT.sub("", word) for word in words]
    weighty = frozenset(word for word in words if word not in _TITLES)
    return weighty or frozenset(words)


def base(name: str) -> str:
    """The name without what tells it from its namesakes: Limburg of Limburg a. d. Lahn."""
    return _QUALIFIER.split(name, maxsplit=1)[0]


def forms(names: Iterable[str]) -> frozenset[Form]:
    """All forms by which something with these names may be called, its hyphens written or not."""
    return frozenset(form(variant) for name in names for variant in (name, base(name), name.replace("-", "")))


def qualifiers(names: Iterable[str]) -> Form:
    """The words that tell a place from its namesakes: lahn of Limburg a. d. Lahn."""
    return frozenset(word for name in names for word in form(name) - form(base(name)))


def quarters(town: str) -> Iterable[str]:
    """What the town may be a quarter of: Kassel of Kassel-Bettenhausen."""
    parts = re.split(r"\s*-\s*|\s+OT\s+|,\s*", town)
    return ("-".join(parts[:count]) for count in range(1, len(parts)))

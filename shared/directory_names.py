"""Names of authorities and services from the directory's files, by key, and a search by name or place.

The names are official and German in every language. An authority that changed its name is called by its last one.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Literal, Self

from shared.bounded_files import LARGE, read_bounded_text

NameKind = Literal["authority", "service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedKey:
    """A key with its name; ``place`` is an authority's seat."""

    kind: NameKind
    key: str
    name: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class NamesByKey:
    """The names of one Land."""

    authorities: Mapping[str, NamedKey]
    services: Mapping[str, NamedKey]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``authorities.csv`` (id, name, seat) and ``services.csv`` (key, name)."""
        authorities = [
            NamedKey(kind="authority", key=row["id"], name=row["name"], place=row["seat"])
            for row in _rows(folder / "authorities.csv")
        ]
        services = [
            NamedKey(kind="service", key=row["key"], name=row["name"])
            for row in _rows(folder / "services.csv")
        ]
        return cls({each.key: each for each in authorities}, {each.key: each for each in services})

    @classmethod
    def none(cls) -> Self:
        """No names: every key is shown without one."""
        return cls({}, {})

    def of(self, *keys: str | None) -> dict[str, str]:
        """The names of these keys; unknown keys are left out."""
        found = ((key, self.authorities.get(key) or self.services.get(key)) for key in keys if key)
        return {key: named.name for key, named in found if named is not None}

    def search(self, text: str, *, kind: NameKind, most: int) -> Sequence[NamedKey]:
        """At most ``most`` entries whose key, name or place contains every word of the text, shortest names first.

        An entry whose key is the text comes before all others. A text without words finds nothing.
        """
        words = text.casefold().split()
        known = self.authorities if kind == "authority" else self.services
        found = [each for each in known.values() if words and _holds(each, words)]
        return sorted(found, key=lambda each: (each.key != text, len(each.name), each.key))[:most]


def _holds(named: NamedKey, words: Sequence[str]) -> bool:
    told = f"{named.key} {named.name} {named.place}".casefold()
    return all(word in told for word in words)


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(read_bounded_text(file, most=LARGE), newline="")))

"""The names of all places of a Land on one day, and which of them a text mentions. Immutable."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.router.domain.decision.names_beyond import land_words
from services.router.domain.decision.near_names import slips
from services.router.domain.decision.place_names import NameWords, Token, base, qualifiers, spellings, tokens
from services.router.domain.directory.model import Directory

_LEAST_OF_ONE_WORD = 4
_LEAST_OF_FIRST_WORD = 2
_LEAST_OF_LATER_WORD = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A known name in a text: the tokens from ``first`` up to, but not including, ``last``.

    Attributes:
        municipalities: AGS of the municipalities with this name.
        quarters: AGS of the municipalities with a locality, or a former municipality, of this name.
        districts: Keys of the districts with this name.
    """

    first: int
    last: int
    municipalities: frozenset[str]
    quarters: frozenset[str]
    districts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gazetteer:
    """Names by their words, each with the keys of the places that it may mean.

    Attributes:
        distinctions: By AGS, the words that distinguish a municipality from its namesakes.
        rivers: All words of ``distinctions``: rivers, mountains, regions.
        land: The words that only say in which Land or country the place is.
        slips: Words of the municipalities' names with a slip of the pen, with the AGS of the municipalities.
    """

    municipalities: Mapping[NameWords, frozenset[str]]
    quarters: Mapping[NameWords, frozenset[str]]
    districts: Mapping[NameWords, frozenset[str]]
    by_first_word: Mapping[str, Sequence[NameWords]]
    distinctions: Mapping[str, frozenset[str]]
    rivers: frozenset[str]
    land: frozenset[str]
    slips: Mapping[str, frozenset[str]]

    def mentions(self, written: Sequence[Token]) -> Sequence[Mention]:
        """The known names in the text, from left to right, each the longest that begins there."""
        found: list[Mention] = []
        at = 0
        while at < len(written):
            names = self._longest(written[at:])
            if not names:
                at += 1
                continue
            last = at + len(next(iter(names)))
            found.append(
                Mention(
                    first=at,
                    last=last,
                    municipalities=_all(self.municipalities, names),
                    quarters=_all(self.quarters, names),
                    districts=_all(self.districts, names),
                )
            )
            at = last
        return found

    def _longest(self, written: Sequence[Token]) -> frozenset[NameWords]:
        """The longest names that begin here; where some are written in full, only those."""
        best: tuple[int, int] = (0, 0)
        names: set[NameWords] = set()
        for name in self._beginning(written[0]):
            full = _written_in_full(name, written)
            if full is None or (len(name), full) < best:
                continue
            if (len(name), full) > best:
                best, names = (len(name), full), set()
            names.add(name)
        return frozenset(names)

    def _beginning(self, token: Token) -> Iterator[NameWords]:
        for word in token.meanings:
            yield from self.by_first_word.get(word, ())
        if token.dotted:
            for word in self.by_first_word:
                if word not in token.meanings and token.means(word, least=_LEAST_OF_FIRST_WORD):
                    yield from self.by_first_word[word]


def gazetteer(directory: Directory, day: date) -> Gazetteer:
    """The names of a day: an area also has the names of the areas that have become part of it by then."""
    own: dict[str, frozenset[NameWords]] = {}
    parts: dict[str, frozenset[NameWords]] = {}
    for ags in directory.areas:
        _read(ags, directory, day, own=own, parts=parts)
    municipalities, quarters = _by_words(own), _by_words(parts)
    districts = _by_words({row.key: _of_a_district(row.name) for row in directory.districts.values()})
    by_first_word: dict[str, list[NameWords]] = defaultdict(list)
    for name in {*municipalities, *quarters, *districts}:
        by_first_word[name[0]].append(name)
    distinctions = {ags: qualifiers(area.name) for ags, area in directory.areas.items()}
    return Gazetteer(
        municipalities=municipalities,
        quarters=quarters,
        districts=districts,
        by_first_word=by_first_word,
        distinctions=distinctions,
        rivers=frozenset[str]().union(*distinctions.values()),
        land=land_words(directory.name) | _COUNTRY,
        slips=_slips(directory),
    )


_COUNTRY = frozenset({"brd", "d", "de", "deu", "deutschland", "germany", "land"})
_KREIS = "kreis"


def _of_a_district(name: str) -> frozenset[NameWords]:
    """The spellings of a district; the Main-Kinzig-Kreis is also Main-Kinzig and MKK."""
    names = spellings(name)
    long = [words for words in names if len(words) > _LEAST_OF_FIRST_WORD and words[-1] == _KREIS]
    return names | {words[:-1] for words in long} | {("".join(word[0] for word in words),) for words in long}


def _slips(directory: Directory) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for ags, area in directory.areas.items():
        for token in tokens(base(area.name)):
            for slip in slips(token.text):
                found[slip].add(ags)
    return {slip: frozenset(keys) for slip, keys in found.items()}


def _read(
    ags: str,
    directory: Directory,
    day: date,
    *,
    own: dict[str, frozenset[NameWords]],
    parts: dict[str, frozenset[NameWords]],
) -> None:
    """Add the names of one area after those of its predecessors."""
    if ags in own:
        return
    merged: set[NameWords] = set()
    separate: set[NameWords] = set()
    for change in directory.successions:
        if change.new == ags:
            _read(change.old, directory, day, own=own, parts=parts)
            (merged if change.day <= day else separate).update(own[change.old] | parts[change.old])
    names = (directory.areas[ags].name, *directory.names.get(ags, ()))
    own[ags] = frozenset(_spellings(names) - separate)
    parts[ags] = frozenset((_spellings(directory.localities.get(ags, ())) | merged) - separate)


def _spellings(names: Iterable[str]) -> set[NameWords]:
    return {words for name in names for words in spellings(name)}


def _by_words(names: Mapping[str, Iterable[NameWords]]) -> Mapping[NameWords, frozenset[str]]:
    found: dict[NameWords, set[str]] = defaultdict(set)
    for key, spelt in names.items():
        for words in spelt:
            found[words].add(key)
    return {words: frozenset(keys) for words, keys in found.items()}


def _written_in_full(name: NameWords, written: Sequence[Token]) -> int | None:
    """How many words of the name are written in full; None if the text does not begin with this name."""
    if len(name) > len(written):
        return None
    full = 0
    for place, (word, token) in enumerate(zip(name, written, strict=False)):
        least = (
            _LEAST_OF_LATER_WORD if place else _LEAST_OF_FIRST_WORD if len(name) > 1 else _LEAST_OF_ONE_WORD
        )
        if not token.means(word, least=least):
            return None
        full += word in token.meanings
    return full


def _all(known: Mapping[NameWords, frozenset[str]], names: Iterable[NameWords]) -> frozenset[str]:
    return frozenset().union(*(known.get(name, frozenset()) for name in names))

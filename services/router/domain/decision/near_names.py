"""Whether a word that is no known name looks like one: because of a slip of the pen, or because it was cut short."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_LEAST: Final = 3
_LEAST_ELSEWHERE: Final = 6


def resembles(written: str, words: Iterable[str]) -> bool:
    """Whether it is the beginning of one of these words, or differs from one in a letter or by two exchanged ones."""
    return len(written) >= _LEAST and any(
        word.startswith(written) or _is_misspelt(written, word) for word in words
    )


@lru_cache(maxsize=32_768)
def slips(word: str) -> frozenset[str]:
    """The word with a letter left out or doubled, or with two exchanged; none of a short one.

    A wrong letter is no such slip: too many quarters differ from a municipality by one, Geinsheim from Gernsheim.
    """
    if len(word) < _LEAST_ELSEWHERE:
        return frozenset()
    parts = [(word[:at], word[at:]) for at in range(1, len(word))]
    left_out = (before + after[1:] for before, after in parts)
    doubled = (before + before[-1] + after for before, after in parts)
    exchanged = (before[:-1] + after[0] + before[-1] + after[1:] for before, after in parts)
    return frozenset((*left_out, *doubled, *exchanged)) - {word}


def _is_misspelt(written: str, word: str) -> bool:
    at = next((at for at, (one, other) in enumerate(zip(written, word, strict=False)) if one != other), None)
    if at is None:
        return len(written) == len(word) + 1
    mine, its = written[at:], word[at:]
    return (
        mine[1:] == its
        or mine == its[1:]
        or mine[1:] == its[1:]
        or (mine[1::-1] == its[:2] and mine[2:] == its[2:])
    )

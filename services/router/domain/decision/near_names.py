"""Whether a word that is no known name looks like one: because of a slip of the pen, or because it was cut short."""

from collections.abc import Iterable
from typing import Final

_LEAST: Final = 3


def resembles(written: str, words: Iterable[str]) -> bool:
    """Whether it is the beginning of one of these words, or differs from one in a letter or by two exchanged ones."""
    return len(written) >= _LEAST and any(
        word.startswith(written) or _is_misspelt(written, word) for word in words
    )


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

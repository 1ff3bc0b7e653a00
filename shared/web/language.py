"""Which language an answer is in: what the request prefers of what is offered (RFC 9110 section 12.5.4)."""

from collections.abc import Iterator, Sequence
from typing import Final

from starlette.requests import HTTPConnection

from shared.local_time import ReadIn

_MOST: Final = 20


def language_of(request: HTTPConnection) -> ReadIn:
    """German or English, whichever the request prefers; German where it says nothing."""
    return (
        "en" if preferred(request.headers.get("accept-language", ""), offered=("de", "en")) == "en" else "de"
    )


def preferred(header: str, *, offered: Sequence[str]) -> str:
    """Return the offered language of the greatest weight; the first offered one if none is asked for.

    A range stands for its dialects (``de`` for ``de-AT``), ``*`` for what is not named; ``q=0`` rules a language out.
    """
    weights = dict(_ranges(header))
    rest = weights.get("*", 0.0)
    ranked = [(weights.get(language, rest), -place, language) for place, language in enumerate(offered)]
    weight, _, language = max(ranked)
    return language if weight > 0 else offered[0]


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    """Each primary language with its greatest weight, malformed ranges left out; the greatest comes last."""
    found = []
    for part in header.lower().split(",")[:_MOST]:
        tag, _, parameter = part.strip().partition(";")
        name, _, number = parameter.replace(" ", "").partition("=")
        weight = _weight(number) if name == "q" else None if parameter.strip() else 1.0
        if tag.strip() and weight is not None:
            found.append((tag.strip().partition("-")[0], weight))
    yield from sorted(found, key=lambda each: each[1])


def _weight(number: str) -> float | None:
    try:
        weight = float(number)
    except ValueError:
        return None
    return weight if 0 <= weight <= 1 else None

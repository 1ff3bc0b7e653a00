"""The only place that decides whether a payload is shown: a person's acts are shown only if two auditors agree."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import orjson

from services.audit.domain.pseudonyms import Opening

_PERSONS = frozenset({"reader", "principal"})
"""Members of a payload that name the person who acted, at any depth."""


def persons(payload: bytes) -> frozenset[str]:
    """The persons who acted, as the payload names them; empty for acts of a service itself."""
    if not any(b'"%s"' % name.encode() in payload for name in _PERSONS):
        return frozenset()  # most payloads; reading them all is what would cost most
    return frozenset(_named(orjson.loads(payload)))


def disclosed(disclosure: Opening | None, *, evaluated: AbstractSet[str]) -> Opening | None:
    """The opening of an entry, or None if it is about a person whose acts this reader may not evaluate.

    ``evaluated`` are the persons for whom another auditor has agreed (`Evaluations.persons`).
    """
    if disclosure is None or persons(disclosure.payload) - evaluated:
        return None
    return disclosure


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in _PERSONS and isinstance(inner, str):
                yield inner
            else:
                yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)

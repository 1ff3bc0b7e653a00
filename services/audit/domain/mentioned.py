"""Which keys entries mention, so that their names can stand beside them."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from services.audit.domain.reading import ShownEntry


def mentioned(entries: Iterable[ShownEntry]) -> frozenset[str]:
    """Every text in leaf or disclosed payload; the keys of authorities and services are among them."""
    return frozenset(text for each in entries for text in _of(each))


def _of(shown: ShownEntry) -> Iterator[str]:
    yield from filter(None, (shown.leaf.authority, shown.leaf.service))
    if shown.disclosure is not None:
        yield from _texts(orjson.loads(shown.disclosure.payload))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)

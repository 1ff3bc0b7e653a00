"""Who looks, and what they may see."""

from dataclasses import dataclass
from typing import Literal

Right = Literal["look", "export", "bundles"]
"""``look``: search, timelines, evidence. ``export``: everything at once. ``bundles``: the log's raw entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody with a token; ``name`` is the id that they are registered under."""

    name: str
    rights: frozenset[Right]

"""Readers of the log, and their scopes."""

from dataclasses import dataclass
from typing import Literal

Right = Literal["look", "export", "bundles"]
"""``look``: search, timelines, evidence. ``export``: everything at once. ``bundles``: the log's raw entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A person or program with a token; ``name`` is the id under which it is registered."""

    name: str
    rights: frozenset[Right]

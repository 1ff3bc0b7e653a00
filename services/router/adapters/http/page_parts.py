"""What a page adds to its process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter

from shared.service.run import Component


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParts:
    """The page's routes, and what follows the bus for it alone; nothing where nobody can sign in."""

    routes: Sequence[APIRouter] = ()
    parts: Mapping[str, Component] = field(default_factory=dict)

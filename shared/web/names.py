"""Names of authorities and services over HTTP: people choose from them instead of knowing a key."""

import time
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from shared.directory_names import NameKind, NamesByKey
from shared.events.payload import WireModel
from shared.web.app import OPEN_TO_ALL
from shared.web.bilingual import Bilingual
from shared.web.described import described
from shared.web.origins import asker
from shared.web.problems import Problem, too_many_requests
from shared.web.query_parameters import check_parameters
from shared.web.rate_limit import Rates

NamesTold = Annotated[
    dict[str, str],
    Field(
        description="What authorities and services of the answer are called, by their keys; not part of the log."
    ),
]


class NamedKeyDocument(WireModel):
    """An authority or service; ``place`` is an authority's seat."""

    kind: NameKind
    key: str
    name: str
    place: str


class NamesDocument(WireModel):
    """What was found; ``searched`` says where."""

    searched: str
    found: tuple[NamedKeyDocument, ...]


_SEARCHED = {"authority": "key, name, seat", "service": "key, name"}


SEARCHES_PER_MINUTE: Final = 6000
"""A tenth of them for one address."""


def names_from(directory: Path | None, *, per_minute: int) -> APIRouter:
    """The routes over the names of a directory's tables; without one, nothing is found."""
    names = NamesByKey.none() if directory is None else NamesByKey.read(directory)
    return names_routes(names, per_minute=per_minute)


def names_routes(names: NamesByKey, *, per_minute: int = SEARCHES_PER_MINUTE) -> APIRouter:
    """``/v1/names``: public data of the directory, so for everybody, but never at the cost of submissions."""
    routes = APIRouter(prefix="/v1", tags=["names"])
    rates = Rates(per_minute, per_address=per_minute // 10, seconds=time.monotonic)

    async def admit(request: Request) -> None:
        """Apply the rate limit before the query is read: an invalid query costs as much as a valid one."""
        wait = rates.take(asker(request))
        if wait > 0:
            raise too_many(wait)

    @routes.get(
        "/names",
        openapi_extra=OPEN_TO_ALL,
        dependencies=[Depends(admit), Depends(check_parameters)],
        responses=described(422, 429),
    )
    async def search(
        text: Annotated[str, Query(min_length=1, max_length=100)],
        kind: NameKind,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> NamesDocument:
        """Authorities or services by key, name or place; all words must occur."""
        found = names.search(text, kind=kind, most=limit)
        return NamesDocument(
            searched=_SEARCHED[kind],
            found=tuple(
                NamedKeyDocument(kind=each.kind, key=each.key, name=each.name, place=each.place)
                for each in found
            ),
        )

    return routes


def too_many(wait: int) -> Problem:
    """The rate limit is exceeded; it has room again in ``wait`` seconds."""
    return too_many_requests(
        wait,
        detail=Bilingual(
            de="Von dieser Adresse oder von allen zusammen kommen mehr Fragen nach Namen, als in einer Minute beantwortet werden.",
            en="More questions for names come, from this address or in total, than are answered in a minute.",
        ),
        resolution=Bilingual(
            de="Nach den Sekunden in Retry-After noch einmal fragen; Namen ändern sich selten, behalten Sie sie.",
            en="Ask again after Retry-After; names rarely change, so keep them.",
        ),
    )

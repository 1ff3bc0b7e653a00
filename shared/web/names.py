"""NamesTold of authorities and services over HTTP: what people choose from instead of knowing a key."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from shared.directory_names import NameKind, NamesByKey
from shared.events.payload import WireModel
from shared.web.app import OPEN_TO_ALL

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


def names_routes(names: NamesByKey) -> APIRouter:
    """``/v1/names``: public data of the directory, so for everybody."""
    routes = APIRouter(prefix="/v1", tags=["names"])

    @routes.get("/names", openapi_extra=OPEN_TO_ALL)
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

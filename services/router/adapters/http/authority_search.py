"""Authorities by name, place or id: for a page where a person chooses one."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response, Security
from pydantic import Field

from services.router.domain.directory.model import Directory
from shared.events.payload import AuthorityId, WireModel
from shared.web.bearer import Caller
from shared.web.sign_in import SessionGate

_MOST: Final = 20


class NamedAuthorityDocument(WireModel):
    id: AuthorityId
    name: str


class AuthoritiesDocument(WireModel):
    """Authorities of the directory in force that the words fit."""

    authorities: tuple[NamedAuthorityDocument, ...]
    more: Annotated[bool, Field(description="whether there are others that fit")]


def authority_search(
    *, page: str, gate: SessionGate, scope: str, directory: Callable[[], Directory], today: Callable[[], date]
) -> APIRouter:
    """``{page}/authorities?words=``, for those with the scope."""
    routes = APIRouter(prefix=page, include_in_schema=False)

    @routes.get("/authorities", response_model=AuthoritiesDocument)
    async def named(
        _: Annotated[Caller, Security(gate, scopes=[scope])],
        words: Annotated[str, Query(min_length=2, max_length=100)],
    ) -> Response:
        """Those that hold all the words."""
        found = _fitting(directory(), words.casefold().split(), today=today())
        documents = tuple(NamedAuthorityDocument(id=own_id, name=name) for own_id, name in found[:_MOST])
        document = AuthoritiesDocument(authorities=documents, more=len(found) > _MOST)
        return Response(document.model_dump_json(by_alias=True), media_type="application/json")

    return routes


def _fitting(directory: Directory, words: Sequence[str], *, today: date) -> list[tuple[str, str]]:
    """Id and name of those that hold all the words, by name."""
    fitting = (
        (each.name, each.id)
        for each in directory.authorities.values()
        if today in each.days and all(word in f"{each.name} {each.id}".casefold() for word in words)
    )
    return [(own_id, name) for name, own_id in sorted(fitting)]

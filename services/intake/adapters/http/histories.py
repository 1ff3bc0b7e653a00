"""Reading: a submission, a case's history, and the feed over all cases of the client."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response, Security

from services.intake.adapters.http.client_auth import ClientAuth
from services.intake.adapters.http.documents import (
    FeedDocument,
    FoundDocument,
    HistoryDocument,
    KnownDocument,
    feed_document,
    history_document,
    known_document,
)
from services.intake.adapters.http.problems import problem
from services.intake.domain.outcome import ReceiptsIncomplete, Several
from services.intake.domain.tidy import trimmed
from services.intake.handler.lookup import Lookup
from services.intake.ports import Histories, Known
from shared.web.bearer import Caller
from shared.web.described import described
from shared.web.language import language_of
from shared.web.noted import note
from shared.web.problems import Problem

_REFERENCE: Final = "The id of a submission or case, the receipt number (AW-…), or your own clientReference where only one goes by it."
Reference = Annotated[str, Path(description=_REFERENCE, max_length=255)]


async def known_case(lookup: Lookup, reference: str, request: Request, caller: Caller) -> Known:
    """What the reference opens, noted for the request's log line.

    Raises:
        Problem: it opens nothing of this client's, or several cases, or the store is incomplete.
    """
    found = await lookup.find(reference, client_id=caller.id)
    if not isinstance(found, Known):
        raise not_found(found, request)
    note(request, case_id=found.case_id)
    return found


def search_routes(lookup: Lookup, *, gate: ClientAuth) -> APIRouter:
    """Finding what was taken when the answer did not arrive."""
    router = APIRouter(tags=["histories"])

    @router.get(
        "/v1/submissions",
        response_model_exclude_none=True,
        responses=described(400, 401, 403, 404, 422, 429, 503),
    )
    async def submissions(
        request: Request,
        response: Response,
        caller: Annotated[Caller, Security(gate, scopes=["cases.read"])],
        client_reference: Annotated[
            str | None,
            Query(alias="clientReference", max_length=64, description="Your own reference, as handed in."),
        ] = None,
        idempotency_key: Annotated[
            str | None,
            Query(alias="idempotencyKey", max_length=260, description="The key, as in the header."),
        ] = None,
    ) -> FoundDocument:
        """Find a submission whose answer was lost, by your reference or key; 404 if it was never taken."""
        if (client_reference is None) == (idempotency_key is None):
            raise problem("one-reference", request)
        found = (
            await lookup.by_key(idempotency_key, client_id=caller.id)
            if idempotency_key is not None
            else await lookup.by_reference(trimmed(client_reference or ""), client_id=caller.id)
        )
        if isinstance(found, ReceiptsIncomplete) or not found:
            raise not_found(found if isinstance(found, ReceiptsIncomplete) else None, request)
        response.headers["Content-Language"] = language = language_of(request)
        return FoundDocument(submissions=tuple(known_document(known, language=language) for known in found))

    return router


def history_routes(lookup: Lookup, histories: Histories, *, gate: ClientAuth) -> APIRouter:
    """The routes; unknown and another client's are one answer."""
    router = APIRouter(tags=["histories"])

    @router.get(
        "/v1/submissions/{reference}",
        response_model_exclude_none=True,
        responses=described(401, 403, 404, 409, 422, 429, 503),
    )
    async def submission(
        reference: Reference,
        request: Request,
        response: Response,
        caller: Annotated[Caller, Security(gate, scopes=["cases.read"])],
    ) -> KnownDocument:
        """The receipt, and how the case stands."""
        known = await known_case(lookup, reference, request, caller)
        response.headers["Content-Language"] = language = language_of(request)
        return known_document(known, language=language)

    @router.get(
        "/v1/cases/{reference}/history",
        response_model_exclude_none=True,
        responses=described(401, 403, 404, 409, 422, 429, 503),
    )
    async def history(
        reference: Reference,
        request: Request,
        response: Response,
        caller: Annotated[Caller, Security(gate, scopes=["cases.read"])],
    ) -> HistoryDocument:
        """Everything that happened to a case, in order."""
        known = await known_case(lookup, reference, request, caller)
        response.headers["Content-Language"] = language = language_of(request)
        return history_document(known, language=language)

    @router.get(
        "/v1/events", response_model_exclude_none=True, responses=described(401, 403, 410, 422, 429, 503)
    )
    async def events(
        request: Request,
        response: Response,
        caller: Annotated[Caller, Security(gate, scopes=["cases.read"])],
        after: Annotated[
            str | None, Query(description="The `next` of an earlier answer.", max_length=64)
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> FeedDocument:
        """All events of all the client's cases after a cursor, each once; none is ever inserted before it."""
        page = await histories.feed(caller.id, after=after, limit=limit)
        if page is None:
            raise problem("cursor-unknown", request)
        response.headers["Content-Language"] = language = language_of(request)
        return feed_document(page, language=language)

    return router


def not_found(found: Several | ReceiptsIncomplete | None, request: Request) -> Problem:
    """Why nothing is shown under a reference."""
    match found:
        case Several():
            return problem("reference-ambiguous", request)
        case ReceiptsIncomplete():
            return problem("unavailable", request, headers={"Retry-After": "2"})
        case None:
            return problem("not-found", request)

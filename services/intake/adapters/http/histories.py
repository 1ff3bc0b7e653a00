"""Reading: a submission, a case's history, and the feed over all cases of the client."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, Security

from services.intake.adapters.http.documents import (
    FeedDocument,
    HistoryDocument,
    KnownDocument,
    feed_document,
    history_document,
    known_document,
)
from services.intake.adapters.http.gate import Gate
from services.intake.adapters.http.openapi import problems
from services.intake.adapters.http.problems import language_of, problem
from services.intake.ports import Histories
from shared.web.bearer import Caller
from shared.web.noted import note


def history_routes(histories: Histories, *, gate: Gate) -> APIRouter:
    """The routes; unknown and another client's are one answer."""
    router = APIRouter(tags=["histories"])

    @router.get(
        "/v1/submissions/{submission_id}",
        response_model_exclude_none=True,
        responses=problems(401, 403, 404, 422, 429, 503),
    )
    async def submission(
        submission_id: str,
        request: Request,
        response: Response,
        caller: Annotated[Caller, Security(gate, scopes=["cases.read"])],
    ) -> KnownDocument:
        """The receipt, and how the case stands."""
        own_id = _uuid(submission_id)
        known = own_id and await histories.submission(own_id, client_id=caller.id)
        if not known:
            raise problem("not-found", request)
        note(request, case_id=known.case_id)
        response.headers["Content-Language"] = language = language_of(request)
        return known_document(known, language=language)

    @router.get(
        "/v1/cases/{case_id}/history",
        response_model_exclude_none=True,
        responses=problems(401, 403, 404, 422, 429, 503),
    )
    async def history(
        case_id: str,
        request: Request,
        response: Response,
        caller: Annotated[Caller, Security(gate, scopes=["cases.read"])],
    ) -> HistoryDocument:
        """Everything that happened to a case, in order."""
        own_id = _uuid(case_id)
        known = own_id and await histories.case(own_id, client_id=caller.id)
        if not known:
            raise problem("not-found", request)
        note(request, case_id=known.case_id)
        response.headers["Content-Language"] = language = language_of(request)
        return history_document(known, language=language)

    @router.get(
        "/v1/events", response_model_exclude_none=True, responses=problems(401, 403, 410, 422, 429, 503)
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


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

"""The clearing desk over HTTP: what is parked, and a person's orders about it."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response, Security

from services.router.adapters.http.desk_documents import (
    AssignmentDocument,
    OutcomeDocument,
    ParkedCaseDocument,
    ParkedListDocument,
    RedeliveryDocument,
    RetryDocument,
    outcome_document,
    parked_case_document,
    parked_document,
    pending_document,
)
from services.router.adapters.http.desk_problems import bad_assignment_reason, bad_cursor, no_effect
from services.router.adapters.http.principal_auth import LetIn
from services.router.domain.cases.assignment_reason import BadAssignmentReason, read_assignment_reason
from services.router.domain.cases.desk import (
    DeskCursor,
    Ineffective,
    OrderOutcome,
    OrderRequest,
    Pending,
    Person,
)
from services.router.domain.directory.model import Directory
from services.router.handler.clearing_desk import ClearingDesk
from shared.events.payload import WireModel
from shared.telemetry.metrics import Telemetry
from shared.web.bearer import Caller
from shared.web.described import described
from shared.web.language import language_of
from shared.web.noted import note

ROLE: Final = "Klärungsstelle"
SOURCE: Final = "urn:amtsweg:clearing-desk"
_MOST: Final = 200
_SEEN: Final = described(401, 403, 404, 422, 503)
_ORDERED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": OutcomeDocument},
    **described(401, 403, 404, 409, 422, 500, 503),
}

Key = Annotated[str | None, Header(description="the same key and body are the same order", max_length=255)]


def desk_routes(
    desk: ClearingDesk,
    *,
    gate: LetIn,
    directory: Callable[[], Directory],
    clock: Callable[[], datetime],
    telemetry: Telemetry,
) -> APIRouter:
    """``/v1/parked`` and the orders below it; ``directory`` lends the names."""
    routes = APIRouter(prefix="/v1/parked", tags=["clearing desk"])

    @routes.get("", response_model=ParkedListDocument, responses=_SEEN)
    async def parked(
        request: Request,
        _: Annotated[Caller, Security(gate, scopes=["desk"])],
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=_MOST)] = 50,
    ) -> Response:
        """What is parked or has been unconfirmed for 20 days, the oldest receipt first."""
        page = await desk.page(after=None if after is None else _place(after), limit=limit)
        known, now, language = directory(), clock(), language_of(request)
        lines = (parked_document(each, directory=known, now=now, language=language) for each in page.cases)
        return _json(ParkedListDocument(cases=tuple(lines), next=page.next and _cursor(page.next)))

    @routes.get("/{reference:path}", response_model=ParkedCaseDocument, responses=_SEEN)
    async def parked_case(
        reference: str, request: Request, _: Annotated[Caller, Security(gate, scopes=["desk"])]
    ) -> Response:
        """One such case, by receipt number, submission id or case id; its content is never shown."""
        waiting = await desk.show(reference)
        if waiting is None:
            raise no_effect(Ineffective(obstacle="not-at-the-desk"), directory=directory())
        return _json(
            parked_case_document(waiting, directory=directory(), now=clock(), language=language_of(request))
        )

    @routes.post("/{reference:path}/assignment", response_model=OutcomeDocument, responses=_ORDERED)
    async def assign(
        reference: str,
        request: Request,
        bearer: Annotated[Caller, Security(gate, scopes=["desk"])],
        body: AssignmentDocument,
        idempotency_key: Key = None,
    ) -> Response:
        """Name the authority. The submission goes on with its original date of receipt."""
        wish = _wish(bearer, request, key=idempotency_key, reason=body.reason)
        wish = replace(wish, authority=body.authority, outside_candidates=body.outside_candidates)
        return _answer(await desk.order(reference, wish), request, directory=directory(), telemetry=telemetry)

    @routes.post("/{reference:path}/retry", response_model=OutcomeDocument, responses=_ORDERED)
    async def retry(
        reference: str,
        request: Request,
        bearer: Annotated[Caller, Security(gate, scopes=["desk"])],
        body: RetryDocument,
        idempotency_key: Key = None,
    ) -> Response:
        """Decide again by the directory now in force."""
        wish = _wish(bearer, request, key=idempotency_key, reason=body.reason)
        return _answer(await desk.order(reference, wish), request, directory=directory(), telemetry=telemetry)

    @routes.post("/{reference:path}/redelivery", response_model=OutcomeDocument, responses=_ORDERED)
    async def redeliver(
        reference: str,
        request: Request,
        bearer: Annotated[Caller, Security(gate, scopes=["desk"])],
        body: RedeliveryDocument,
        idempotency_key: Key = None,
    ) -> Response:
        """Put an unconfirmed case into its authority's inbox again, sealed to the keys that it has today."""
        wish = replace(_wish(bearer, request, key=idempotency_key, reason=body.reason), redeliver=True)
        return _answer(await desk.order(reference, wish), request, directory=directory(), telemetry=telemetry)

    return routes


def _wish(bearer: Caller, request: Request, *, key: str | None, reason: str) -> OrderRequest:
    try:
        remark = read_assignment_reason(reason)
    except BadAssignmentReason as bad:
        raise bad_assignment_reason(bad) from None
    return OrderRequest(
        person=Person(role=ROLE, principal=bearer.id, source=SOURCE),
        reason=remark,
        # Without a key every request is an order of its own; a case that has left the desk refuses the second.
        key=key or secrets.token_hex(16),
        traceparent=request.headers.get("traceparent"),
    )


def _answer(told: OrderOutcome, request: Request, *, directory: Directory, telemetry: Telemetry) -> Response:
    if told.waiting is not None:
        note(request, case_id=told.waiting.case)
    if isinstance(told, Ineffective):
        telemetry.count("decisions", service="router", decision=f"desk-{told.obstacle}")
        raise no_effect(told, directory=directory)
    if isinstance(told, Pending):
        telemetry.count("decisions", service="router", decision="desk-pending")
        return _json(pending_document(told.waiting), status=HTTPStatus.ACCEPTED, headers={"Retry-After": "2"})
    document = outcome_document(told, directory=directory, language=language_of(request))
    telemetry.count("decisions", service="router", decision=f"desk-{document.outcome}")
    return _json(document)


def _json(document: WireModel, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        document.model_dump_json(by_alias=True, exclude_none=True),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def _cursor(place: DeskCursor) -> str:
    received_at, case = place
    return f"{received_at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}_{case}"


def _place(cursor: str) -> DeskCursor:
    stated, _, case = cursor.rpartition("_")
    try:
        received_at, place = datetime.fromisoformat(stated), UUID(case)
    except ValueError:
        raise bad_cursor() from None
    if received_at.tzinfo is None:
        raise bad_cursor()
    return received_at, place

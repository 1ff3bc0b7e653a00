"""``POST /v1/cases/{id}/supplements`` and ``…/withdrawal``: more to a case that is there, sealed like a submission."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request, Response, Security

from services.intake.adapters.http.client_auth import ClientAuth
from services.intake.adapters.http.histories import Reference, not_found
from services.intake.adapters.http.openapi import SUPPLEMENT_DESCRIBED, WITHDRAWAL_DESCRIBED
from services.intake.adapters.http.problems import problem
from services.intake.adapters.http.submissions import attempt_of, is_json, receipt
from services.intake.domain.admission import EntryKind
from services.intake.handler.lookup import Lookup
from services.intake.handler.supplements import SupplementDesk
from services.intake.ports import Known
from shared.telemetry.metrics import Telemetry
from shared.web.bearer import Caller
from shared.web.described import described

_RETRY = {"Retry-After": "1"}


def supplement_routes(
    desk: SupplementDesk, lookup: Lookup, *, gate: ClientAuth, max_in_flight: int, telemetry: Telemetry
) -> APIRouter:
    """The routes; unknown and another client's are one answer."""
    router = APIRouter(tags=["supplements"])
    slots = asyncio.Semaphore(max_in_flight)

    async def take(
        kind: EntryKind, reference: str, request: Request, response: Response, caller: Caller
    ) -> Response:
        if not is_json(request):
            raise problem("unsupported-media-type", request, headers={"Accept": "application/json"})
        if slots.locked():
            raise problem("too-many-in-flight", request, headers=_RETRY)
        attempt = await attempt_of(request, caller)
        if slots.locked():
            raise problem("too-many-in-flight", request, headers=_RETRY)
        async with slots:
            first = await _first(lookup, reference, request, caller)
            outcome = await desk.submit(attempt, kind=kind, first=first)
        return receipt(outcome, request, response, telemetry=telemetry)

    @router.post(
        "/v1/cases/{reference}/supplements",
        status_code=202,
        response_class=Response,
        responses=described(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        openapi_extra=SUPPLEMENT_DESCRIBED,
    )
    async def supplement(
        reference: Reference,
        request: Request,
        response: Response,
        caller: Annotated[Caller, Security(gate, scopes=["submissions.write"])],
    ) -> Response:
        """Hand in a supplement to a case, requested or not. It goes to the holder of the case and has a receipt of its own."""
        return await take("supplement", reference, request, response, caller)

    @router.post(
        "/v1/cases/{reference}/withdrawal",
        status_code=202,
        response_class=Response,
        responses=described(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        openapi_extra=WITHDRAWAL_DESCRIBED,
    )
    async def withdrawal(
        reference: Reference,
        request: Request,
        response: Response,
        caller: Annotated[Caller, Security(gate, scopes=["submissions.write"])],
    ) -> Response:
        """Take the application back: the case is closed. An authority that has decided before has decided."""
        return await take("withdrawal", reference, request, response, caller)

    return router


async def _first(lookup: Lookup, reference: str, request: Request, caller: Caller) -> Known:
    """What opened the case, also where the reference is that of a supplement."""
    found = await lookup.find(reference, client_id=caller.id)
    if isinstance(found, Known):
        found = await lookup.find(str(found.case_id), client_id=caller.id)
    if not isinstance(found, Known):
        raise not_found(found, request)
    return found

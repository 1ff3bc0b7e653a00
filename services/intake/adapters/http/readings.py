"""``POST /v1/cases/{id}/notifications/{messageId}/read``: the platform reports that a message was opened in its mailbox."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response, Security

from services.intake.adapters.http.client_auth import ClientAuth
from services.intake.adapters.http.histories import Reference, known_case
from services.intake.adapters.http.problems import problem
from services.intake.handler.lookup import Lookup
from services.intake.handler.readings import MailboxReadings
from shared.web.bearer import Caller
from shared.web.described import described

NotificationId = Annotated[UUID, Path(description="`messageId`, as the webhook to the mailbox named it.")]


def reading_routes(readings: MailboxReadings, lookup: Lookup, *, gate: ClientAuth) -> APIRouter:
    """The route; unknown and another client's are one answer."""
    router = APIRouter(tags=["notifications"])

    @router.post(
        "/v1/cases/{reference}/notifications/{message_id}/read",
        status_code=HTTPStatus.NO_CONTENT,
        responses=described(401, 403, 404, 409, 422, 429, 503),
    )
    async def read(
        reference: Reference,
        message_id: NotificationId,
        request: Request,
        caller: Annotated[Caller, Security(gate, scopes=["cases.read"])],
    ) -> Response:
        """The applicant has opened this message in your mailbox: no reminder follows. Repeated, it has no second effect.

        Some seconds pass between the webhook and the time at which this message is known here: repeat after a 404.
        """
        found = await known_case(lookup, reference, request, caller)
        if not await readings.report(message_id, case=found):
            raise problem("notification-unknown", request)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router

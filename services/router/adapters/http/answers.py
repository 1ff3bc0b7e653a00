"""Answers of authorities over HTTP: accepted for certain, or refused at once."""

from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response, Security
from pydantic import Field

from services.router.adapters.http.answer_problems import (
    forwarded_to_itself,
    no_effect,
    not_served,
    which_authority,
)
from services.router.adapters.http.principal_auth import LetIn
from services.router.domain.cases.answering import AnswerRequest, AnswerTaken
from services.router.handler.answers import AnswerDoor
from shared.events.case import AnswerGiven, OwnId
from shared.events.ids import answer_id
from shared.events.payload import AuthorityId, Instant, WireModel
from shared.events.sealed_answer import MAX_ANSWER_BYTES, MAX_NOTICE_BYTES
from shared.telemetry.metrics import Telemetry
from shared.web.bearer import Caller
from shared.web.described import described
from shared.web.noted import note

SCOPE: Final = "answers.write"

ANSWER_BODY_LIMIT: Final = (MAX_ANSWER_BYTES + MAX_NOTICE_BYTES) * 4 // 3 + 64 * 1024
"""The largest answer in bytes: both sealed parts in base64, and room for everything else."""


class AnswerDocument(AnswerGiven):
    """An answer to a case. The same `id` is the same answer, however often it is sent.

    Whom it comes from follows from the token; `authority` is needed only where the token serves several.
    """

    id: Annotated[OwnId, Field(description="your own id of this answer, for example `0117/1`")]
    case_id: Annotated[UUID, Field(description="header `ce_caseid` of the record in the inbox")]
    authority: Annotated[
        AuthorityId | None, Field(description="for which authority, if the token serves several")
    ] = None


class AnswerTakenDocument(WireModel):
    """The answer lies safely with the platform. `answerId` is its id in events and in the audit log."""

    id: OwnId
    answer_id: UUID
    authority: AuthorityId
    case_id: UUID
    accepted_at: Instant


_RESPONSES: Final[dict[int | str, dict[str, Any]]] = described(400, 401, 403, 404, 409, 413, 422, 429, 503)


def answer_routes(answers: AnswerDoor, *, gate: LetIn, telemetry: Telemetry) -> APIRouter:
    """``POST /v1/answers``."""
    routes = APIRouter(prefix="/v1/answers", tags=["answers"])

    @routes.post(
        "", status_code=HTTPStatus.ACCEPTED, response_model=AnswerTakenDocument, responses=_RESPONSES
    )
    async def answer(
        body: AnswerDocument, request: Request, caller: Annotated[Caller, Security(gate, scopes=[SCOPE])]
    ) -> Response:
        """Accept, return, forward or decide a case, or ask for information.

        202 comes when every in-sync replica has the answer; sent again, it is the same. Of sealed parts, what came first
        counts: the platform cannot compare what it cannot open.
        """
        given = AnswerRequest(
            authority=_authority(body, caller),
            own_id=body.id,
            case_id=body.case_id,
            answer=AnswerGiven.model_construct(
                **{name: getattr(body, name) for name in AnswerGiven.model_fields}
            ),
        )
        if body.forward_to == given.authority:
            raise forwarded_to_itself()
        event_id = answer_id(given.authority, given.own_id)
        note(request, case_id=given.case_id, event_id=event_id)
        outcome = await answers.take(given, traceparent=request.headers.get("traceparent"))
        if not isinstance(outcome, AnswerTaken):
            problem = no_effect(outcome)
            telemetry.count(
                "decisions", service="doors", decision=str(problem.document["type"]).rpartition(":")[2]
            )
            raise problem
        telemetry.count(
            "decisions", service="doors", decision="repeated" if outcome.repeated else "answer-taken"
        )
        return _taken(outcome, event_id)

    return routes


def _authority(body: AnswerDocument, caller: Caller) -> str:
    served = caller.principal.authorities
    if body.authority is None:
        if len(served) != 1:
            raise which_authority()
        return next(iter(served))
    if body.authority not in served:
        raise not_served()
    return body.authority


def _taken(taken: AnswerTaken, event_id: UUID) -> Response:
    entry = taken.entry
    document = AnswerTakenDocument(
        id=entry.own_id,
        answer_id=event_id,
        authority=entry.authority,
        case_id=entry.case_id,
        accepted_at=entry.accepted_at,
    )
    return Response(
        document.model_dump_json(by_alias=True),
        status_code=HTTPStatus.ACCEPTED,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )

"""``POST /v1/submissions``. The body is read as bytes: what is sealed is what was sent."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response, Security

from services.intake.adapters.http.client_auth import ClientAuth
from services.intake.adapters.http.documents import receipt_document, submission_path
from services.intake.adapters.http.openapi import SUBMISSION_DESCRIBED
from services.intake.adapters.http.problem_catalogue import ProblemKind
from services.intake.adapters.http.problems import faults_problem, not_json_problem, problem
from services.intake.domain.admission import Contradiction, Running
from services.intake.domain.outcome import (
    Attempt,
    BadKey,
    CaseClosed,
    ReceiptsIncomplete,
    Refusal,
    SubmissionOutcome,
    Taken,
)
from services.intake.domain.submission import Faulty, TooLarge
from shared.events.ids import child_id
from shared.events.topics import MAX_CONTENT_BYTES
from shared.strict_json import NotJson
from shared.telemetry.metrics import Telemetry
from shared.web.bearer import Caller
from shared.web.described import described
from shared.web.noted import note
from shared.web.problems import Problem

BODY_LIMIT: Final = MAX_CONTENT_BYTES + 64 * 1024
"""The largest body in bytes: the content, and room for everything else."""

_RETRY: Final = {"Retry-After": "1"}
_STANDING: Final[Mapping[type[object], tuple[ProblemKind, Mapping[str, str]]]] = {
    ReceiptsIncomplete: ("unavailable", {"Retry-After": "2"}),
    Running: ("still-running", _RETRY),
    CaseClosed: ("case-closed", {}),
    Contradiction: ("idempotency-key-reused", {}),
}
_BAD_KEY: Final[dict[str, ProblemKind]] = {
    "missing": "idempotency-key-missing",
    "malformed": "idempotency-key-malformed",
}

Submit = Callable[[Attempt], Awaitable[SubmissionOutcome]]


def submission_routes(
    submit: Submit, *, gate: ClientAuth, max_in_flight: int, telemetry: Telemetry
) -> APIRouter:
    """The route; requests beyond ``max_in_flight`` get 503 and Retry-After."""
    router = APIRouter(tags=["submissions"])
    slots = asyncio.Semaphore(max_in_flight)

    @router.post(
        "/v1/submissions",
        status_code=202,
        response_class=Response,
        responses=described(400, 401, 403, 409, 413, 415, 422, 429, 503),
        openapi_extra=SUBMISSION_DESCRIBED,
    )
    async def hand_in(
        request: Request,
        response: Response,
        caller: Annotated[Caller, Security(gate, scopes=["submissions.write"])],
    ) -> Response:
        """Hand in a submission. With 202 it is kept: from then on the platform is responsible for it.

        It is never refused on its merits: what no authority can be found for is taken and parked for a person.
        """
        if not is_json(request):
            raise problem("unsupported-media-type", request, headers={"Accept": "application/json"})
        if slots.locked():
            raise problem("too-many-in-flight", request, headers=_RETRY)
        attempt = await attempt_of(request, caller)
        if slots.locked():  # a body takes its time; whoever sends one slowly holds no slot meanwhile
            raise problem("too-many-in-flight", request, headers=_RETRY)
        async with slots:
            outcome = await submit(attempt)
        if isinstance(outcome, Taken):
            note(request, event_id=child_id(outcome.entry.submission_id, "received"))
        return receipt(outcome, request, response, telemetry=telemetry)

    return router


def receipt(
    outcome: SubmissionOutcome, request: Request, response: Response, *, telemetry: Telemetry
) -> Response:
    """The receipt of what was taken.

    Raises:
        Problem: it was not.
    """
    telemetry.count("decisions", service="intake", decision=_name(outcome))
    if not isinstance(outcome, Taken):
        raise _refusal(outcome, request)
    entry = outcome.entry
    note(request, case_id=entry.case_id)
    document = receipt_document(entry)
    return Response(
        document.model_dump_json(by_alias=True, exclude_none=True),
        status_code=202,
        media_type="application/json",
        headers={**response.headers, "Location": submission_path(entry.submission_id)},
    )


async def attempt_of(request: Request, caller: Caller) -> Attempt:
    """The request as it came."""
    return Attempt(
        client_id=caller.id,
        key=", ".join(request.headers.getlist("idempotency-key")) or None,  # RFC 9110 section 5.2
        body=await request.body(),
        traceparent=request.headers.get("traceparent"),
    )


def is_json(request: Request) -> bool:
    """Whether the body is announced as JSON in UTF-8, uncompressed; without any announcement it is taken for that."""
    announced = request.headers.getlist("content-type")
    if (
        request.headers.get("content-encoding", "identity").strip().lower() != "identity"
        or len(announced) > 1
    ):
        return False
    kind, _, parameters = "".join(announced or ["application/json"]).lower().partition(";")
    given = dict(each.strip().partition("=")[::2] for each in parameters.split(";") if each.strip())
    charset = given.get("charset", "utf-8").strip('"')
    return kind.strip() == "application/json" and charset in {"utf-8", "utf8", "us-ascii"}


def _name(outcome: SubmissionOutcome) -> str:
    if isinstance(outcome, Taken):
        return "repeated" if outcome.repeated else "taken"
    return type(outcome).__name__.lower()


def _refusal(refusal: Refusal, request: Request) -> Problem:
    match refusal:
        case ReceiptsIncomplete() | CaseClosed() | Running() | Contradiction():
            kind, headers = _STANDING[type(refusal)]
            return problem(kind, request, headers=headers)
        case BadKey(fault):
            return problem(_BAD_KEY[fault], request)
        case TooLarge():
            return problem("too-large", request, limit=MAX_CONTENT_BYTES)
        case Faulty(fields):
            return faults_problem(fields, request)
        case NotJson(line, column):
            return not_json_problem(request, line=line, column=column)

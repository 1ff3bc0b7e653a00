"""Errors over HTTP as RFC 9457 problems: what failed, and how to mend it; never what was sent."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.errors import Unavailable
from shared.web.noted import note

ExceptionHandler = Callable[[Request, Exception], Awaitable[Response]]

_MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:amtsweg:problem:"
_LONGEST_NAME = 64
MOST_ERRORS: Final = 20
"""How many faults one answer names; whoever corrects these learns of the next."""

_RESOLUTIONS = {
    404: "Check the address; a resource of another party gets the same answer.",
    405: "Use a method that the Allow header names.",
    413: "Send less; files do not belong into the request itself.",
    415: "Send the media type that the API description names.",
}


class Problem(HTTPException):
    """An answer that is not what was asked for. ``kind`` is the last part of the problem's type URI."""

    def __init__(
        self,
        status: int,
        kind: str,
        *,
        title: str,
        detail: str,
        resolution: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail=detail, headers=headers)
        self.document: dict[str, Any] = {
            "type": _TYPE + kind,
            "title": title,
            "status": status,
            "detail": detail,
            "resolution": resolution,
        }

    def response(self, path: str) -> Response:
        """The problem as an answer to a request for this path."""
        return problem_response({**self.document, "instance": path}, headers=self.headers)


class Postponed(HTTPException):
    """Something that is needed could not be reached before the body was read; answered as `Unavailable` is."""

    def __init__(self, away: Unavailable) -> None:
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE)
        self.away = away


def answer_with_problems(app: FastAPI) -> None:
    """Make every error of the app a problem document."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Unavailable, _on_unavailable)


def problem_response(document: dict[str, Any], *, headers: Any = None) -> Response:
    """A problem document as an answer."""
    return Response(
        orjson.dumps(document), status_code=document["status"], media_type=_MEDIA_TYPE, headers=headers
    )


async def _on_http_exception(request: Request, error: Exception) -> Response:
    if isinstance(error, Postponed):
        answer: ExceptionHandler = request.app.exception_handlers[Unavailable]
        return await answer(request, error.away)
    if isinstance(error, Problem):
        return error.response(request.url.path)
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers) if error.headers else {}
    if "GET" in headers.get("Allow", ""):
        headers["Allow"] += ", HEAD"
    return Problem(
        status,
        status.phrase.lower().replace(" ", "-"),
        title=status.phrase,
        detail=status.description or status.phrase,
        resolution=_RESOLUTIONS.get(status, "Read the API description at /openapi.json."),
        headers=headers,
    ).response(request.url.path)


async def _on_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = error.errors()
    found = [
        {"at": _place(fault["loc"]), "problem": fault["type"], "expected": fault["msg"]}
        for fault in faults[:MOST_ERRORS]
    ]
    problem = invalid(found, of=len(faults))
    return problem_response({**problem.document, "instance": request.url.path})


def invalid(errors: Sequence[Mapping[str, str]], *, of: int | None = None) -> Problem:
    """The problem that names the places that are not as described; ``of`` says how many there are in all."""
    count = len(errors) if of is None else of
    more = ", …" if count > len(errors) else ""
    problem = Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        title="The request does not match the API description",
        detail=f"{count} places are not as expected: {', '.join(each['at'] for each in errors)}{more}",
        resolution="Correct the places named in errors and send the request again.",
    )
    problem.document["errors"] = list(errors)
    return problem


def _place(location: Sequence[str | int]) -> str:
    """Where a fault is; names that the client made up are cut short."""
    return "/".join(str(part)[:_LONGEST_NAME] for part in location)


async def _on_unavailable(request: Request, error: Exception) -> Response:
    note(request, error=error)
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        title="Not possible now",
        detail="A part that is needed for this cannot be reached; /health/ready names it.",
        resolution="Send the same request again, with the same Idempotency-Key if it had one.",
        headers={"Retry-After": "2"},
    ).response(request.url.path)


def internal_error(path: str) -> Response:
    """What is told of an error that nobody expected."""
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal-error",
        title="The service failed",
        detail="The request was not completed because of an error in the service.",
        resolution="Send the same request again later; if it fails again, tell the operator the time.",
    ).response(path)

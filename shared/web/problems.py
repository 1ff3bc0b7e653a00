"""Errors over HTTP as RFC 9457 problems: what failed, and how to resolve it; never what was sent."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from shared.errors import Unavailable
from shared.local_time import ReadIn
from shared.web.bilingual import Bilingual
from shared.web.expected import expected_of
from shared.web.language import language_of
from shared.web.noted import note
from shared.web.plain_page import plain_page

ExceptionHandler = Callable[[Request, Exception], Awaitable[Response]]

_MEDIA_TYPE = "application/problem+json"
TYPE = "urn:amtsweg:problem:"
_LONGEST_NAME = 64
MOST_ERRORS: Final = 20
"""How many faults one answer names; whoever corrects these learns of the next."""


_SAID: Final[Mapping[int, tuple[Bilingual, Bilingual, Bilingual]]] = {
    404: (
        Bilingual(de="Nicht gefunden", en="Not found"),
        Bilingual(de="Unter dieser Adresse gibt es nichts.", en="There is nothing at this address."),
        Bilingual(
            de="Die Adresse prüfen; was anderen gehört, wird ebenso beantwortet.",
            en="Check the address; a resource of another party gets the same answer.",
        ),
    ),
    405: (
        Bilingual(de="Methode nicht erlaubt", en="Method not allowed"),
        Bilingual(de="Diese Adresse kennt die Methode nicht.", en="This address does not know the method."),
        Bilingual(
            de="Eine Methode verwenden, die die Kopfzeile Allow nennt.",
            en="Use a method that the Allow header names.",
        ),
    ),
    413: (
        Bilingual(de="Zu groß", en="Too large"),
        Bilingual(de="Die Anfrage ist zu groß.", en="The request is too large."),
        Bilingual(
            de="Weniger senden; Dateien gehören nicht in die Anfrage selbst.",
            en="Send less; files do not belong into the request itself.",
        ),
    ),
    415: (
        Bilingual(de="Medientyp nicht verwendbar", en="Unsupported media type"),
        Bilingual(
            de="Der Inhalt hat einen Medientyp, der hier nicht gelesen wird.",
            en="The content has a media type that is not read here.",
        ),
        Bilingual(
            de="Den Medientyp senden, den die Beschreibung der Schnittstelle nennt.",
            en="Send the media type that the API description names.",
        ),
    ),
}
_REFUSED: Final = (
    Bilingual(de="Nicht ausführbar", en="Cannot be carried out"),
    Bilingual(
        de="Die Anfrage lässt sich so nicht ausführen.", en="The request cannot be carried out as it is."
    ),
    Bilingual(
        de="Die Beschreibung der Schnittstelle unter /openapi.json lesen.",
        en="Read the API description at /openapi.json.",
    ),
)
"""Of every other status that the framework refuses with."""


class Problem(HTTPException):
    """An answer that is not what was asked for. ``kind`` is the last part of the problem's type URI."""

    def __init__(
        self,
        status: int,
        kind: str,
        *,
        title: str | Bilingual,
        detail: str | Bilingual,
        resolution: str | Bilingual,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail=str(detail), headers=headers)
        self.document: dict[str, Any] = {
            "type": TYPE + kind,
            "title": title,
            "status": status,
            "detail": detail,
            "resolution": resolution,
        }

    def response(self, to: HTTPConnection) -> Response:
        """The problem as an answer to this request, in its language; to a browser that opens an address, as a page."""
        language = language_of(to)
        texts = {name: _in_language(value, language) for name, value in self.document.items()}
        said_in = {"Content-Language": language, "Vary": "Accept, Accept-Language", **(self.headers or {})}
        if _opens_a_page(to):
            return _page(texts, language, said_in)
        return Response(
            orjson.dumps({**texts, "instance": to.scope["path"]}),
            status_code=self.status_code,
            media_type=_MEDIA_TYPE,
            headers=said_in,
        )


def _in_language(value: Any, language: ReadIn) -> Any:
    if isinstance(value, Bilingual):
        return value.in_language(language)
    if isinstance(value, list):
        return [{name: _in_language(each, language) for name, each in one.items()} for one in value]
    return value


def _opens_a_page(to: HTTPConnection) -> bool:
    """Whether a person opens the address in a browser; programs that name HTML beside JSON get JSON."""
    accepted = to.headers.get("accept", "")
    return "text/html" in accepted and "json" not in accepted


def _page(said: Mapping[str, Any], language: ReadIn, headers: Mapping[str, str]) -> Response:
    title, detail, resolution = (escape(str(said[name])) for name in ("title", "detail", "resolution"))
    body = f"<h1>{title}</h1><p>{detail}</p><p>{resolution}</p><p>HTTP {said['status']}</p>"
    return plain_page(
        str(said["title"]), body, language=language, status=int(said["status"]), headers=headers
    )


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


async def _on_http_exception(request: Request, error: Exception) -> Response:
    if isinstance(error, Postponed):
        answer: ExceptionHandler = request.app.exception_handlers[Unavailable]
        return await answer(request, error.away)
    if isinstance(error, Problem):
        return error.response(request)
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers) if error.headers else {}
    if "GET" in headers.get("Allow", ""):
        headers["Allow"] += ", HEAD"
    return refused(error.status_code, headers=headers).response(request)


def refused(status: int, *, headers: dict[str, str] | None = None) -> Problem:
    """What the framework refuses with this status."""
    title, detail, resolution = _SAID.get(status, _REFUSED)
    kind = HTTPStatus(status).phrase.lower().replace(" ", "-")
    return Problem(status, kind, title=title, detail=detail, resolution=resolution, headers=headers)


async def _on_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = error.errors()
    found = [
        {"at": _place(fault["loc"]), "problem": fault["type"], "expected": expected_of(fault)}
        for fault in faults[:MOST_ERRORS]
    ]
    return invalid(found, of=len(faults)).response(request)


def invalid(errors: Sequence[Mapping[str, str | Bilingual]], *, of: int | None = None) -> Problem:
    """The problem that names the places that are not as described; ``of`` says how many there are in all."""
    count = len(errors) if of is None else of
    places = ", ".join(str(each["at"]) for each in errors) + (", …" if count > len(errors) else "")
    problem = Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        title=Bilingual(
            de="Die Anfrage entspricht nicht der Beschreibung der Schnittstelle",
            en="The request does not match the API description",
        ),
        detail=Bilingual(
            de=f"Nicht wie erwartet ({count}): {places}", en=f"Not as expected ({count}): {places}"
        ),
        resolution=Bilingual(
            de="Berichtigen, was errors nennt, und die Anfrage noch einmal senden.",
            en="Correct the places named in errors and send the request again.",
        ),
    )
    problem.document["errors"] = list(errors)
    return problem


def _place(location: Sequence[str | int]) -> str:
    """Where a fault is; names that the client made up are cut short."""
    return "/".join(str(part)[:_LONGEST_NAME] for part in location)


async def _on_unavailable(request: Request, error: Exception) -> Response:
    note(request, error=error)
    return unavailable().response(request)


_TOO_MANY: Final = Bilingual(de="Zu viele Anfragen", en="Too many requests")


def too_many_requests(
    wait: int, *, detail: Bilingual, resolution: Bilingual, title: Bilingual = _TOO_MANY
) -> Problem:
    """A rate limit is exceeded; it has room again in ``wait`` seconds."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-requests",
        title=title,
        detail=detail,
        resolution=resolution,
        headers={"Retry-After": str(wait)},
    )


def unavailable() -> Problem:
    """Something that is needed cannot be reached; nothing is lost."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        title=Bilingual(de="Zurzeit nicht möglich", en="Not possible now"),
        detail=Bilingual(
            de="Ein Teil, der dafür nötig ist, ist nicht erreichbar; /health/ready nennt ihn.",
            en="A part that is needed for this cannot be reached; /health/ready names it.",
        ),
        resolution=Bilingual(
            de="Dieselbe Anfrage noch einmal senden, mit demselben Idempotency-Key, wenn sie einen hatte.",
            en="Send the same request again, with the same Idempotency-Key if it had one.",
        ),
        headers={"Retry-After": "2"},
    )


def internal_error() -> Problem:
    """What is told of an error that nobody expected."""
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal-error",
        title=Bilingual(de="Der Dienst ist gescheitert", en="The service failed"),
        detail=Bilingual(
            de="Ein Fehler im Dienst hat die Anfrage abgebrochen.",
            en="The request was not completed because of an error in the service.",
        ),
        resolution=Bilingual(
            de="Dieselbe Anfrage später noch einmal senden; scheitert sie wieder, der Betreiberin die Uhrzeit nennen.",
            en="Send the same request again later; if it fails again, tell the operator the time.",
        ),
    )

"""JSON in requests: every route that takes it reads it by the same strict reader, before anything is made of it.

A route whose body FastAPI reads is covered by itself (`bodies`); a route that reads its bytes asks `strict_body`.
"""

from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from starlette.types import Scope

from shared.offload import offload
from shared.strict_json import DocumentLimits, FaultPlace, NotJson, inspect
from shared.web.bilingual import Bilingual
from shared.web.expected import expected_of
from shared.web.problems import Problem, invalid

MOST_VALUES: Final = 1_000
"""Members and elements in one document; the longest answer of an authority has a tenth of it."""

_LIMITS: Final = DocumentLimits(most_values=MOST_VALUES, nul=False)


def takes_json(scope: Scope) -> bool:
    """Whether FastAPI reads JSON for the route that was found for this request."""
    dependant = getattr(scope.get("route"), "dependant", None)
    if not isinstance(dependant, Dependant):
        return False
    return any(not isinstance(each.field_info, Form) for each in dependant.body_params)


async def check_json(body: bytes) -> None:
    """Check that every reader understands the document alike.

    Raises:
        Problem: it is not JSON in UTF-8 (400), or not the same to all (422); the places are named.
    """
    found = await offload(lambda: inspect(body, _LIMITS), size=len(body))
    if isinstance(found, NotJson):
        raise _not_json(found)
    if found:
        raise invalid([_error(each) for each in found])


async def strict_body(request: Request) -> bytes:
    """The body of a request, for a route that reads its bytes; raises as `check_json` does."""
    body = await request.body()
    await check_json(body)
    return body


def _not_json(place: NotJson) -> Problem:
    problem = Problem(
        HTTPStatus.BAD_REQUEST,
        "malformed-json",
        title=Bilingual(de="Kein JSON", en="Not JSON"),
        detail=Bilingual(
            de=f"Der Inhalt der Anfrage ist kein JSON in UTF-8: Zeile {place.line}, Spalte {place.column}.",
            en=f"The request's body is not JSON in UTF-8: line {place.line}, column {place.column}.",
        ),
        resolution=Bilingual(
            de="Ein JSON-Dokument nach RFC 8259 senden, wie es /openapi.json beschreibt.",
            en="Send a JSON document after RFC 8259, as /openapi.json describes it.",
        ),
    )
    problem.document.update(line=place.line, column=place.column)
    return problem


def _error(place: FaultPlace) -> dict[str, str | Bilingual]:
    expected = expected_of({"type": place.fault, "ctx": {"most_values": MOST_VALUES}})
    return {"at": f"body{place.pointer}", "problem": place.fault, "expected": expected}

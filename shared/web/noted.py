"""Fields of a request's log line beside route and status, noted while the request is handled."""

from typing import Any, Final
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.types import Scope

_NOTED: Final = "amtsweg_noted"


def note(
    request: HTTPConnection,
    *,
    client_id: str | None = None,
    case_id: UUID | None = None,
    event_id: UUID | None = None,
    error: Exception | None = None,
) -> None:
    """Say in the request's log line who asked, about which case, which event came of it, and what stood in the way."""
    line = noted(request.scope)
    if client_id is not None:
        line["client_id"] = client_id
    if case_id is not None:
        line["case_id"] = str(case_id)
    if event_id is not None:
        line["event_id"] = str(event_id)
    if error is not None:
        line["error"] = error


def noted(scope: Scope) -> dict[str, Any]:
    """What is noted so far."""
    line: dict[str, Any] = scope.setdefault("state", {}).setdefault(_NOTED, {})
    return line

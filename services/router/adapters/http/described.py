"""How a route's description states the problems that it may answer."""

from http import HTTPStatus
from typing import Any, Final

_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457; `type` ends with the kind of problem, `resolution` says what to do",
    "required": ["type", "title", "status", "detail", "resolution", "instance"],
    "properties": {
        "status": {"type": "integer"},
        **{name: {"type": "string"} for name in ("type", "title", "detail", "resolution", "instance")},
    },
}


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may answer problems with these statuses."""
    content = {"application/problem+json": {"schema": _SCHEMA}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}

"""What every description of ours says alike: which problems an operation may answer, and of what media type."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI

Responses = dict[int | str, dict[str, Any]]

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457. German, or English where Accept-Language asks for it; `resolution` says what to do.",
    "required": ["type", "title", "status", "detail", "resolution"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "examples": ["urn:amtsweg:problem:idempotency-key-missing"],
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What failed."},
        "resolution": {"type": "string", "description": "What to do about it."},
        "instance": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
_MEDIA_TYPE: Final = "application/problem+json"
_CONTENT: Final = {_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})
_MADE_BY_FASTAPI: Final = ("HTTPValidationError", "ValidationError")


def described(*statuses: int) -> Responses:
    """The ``responses`` of a route that may answer problems with these statuses."""
    return {status: _problem(status) for status in statuses}


def answering(media_type: str, description: str, *, status: int = 200) -> Responses:
    """The ``responses`` of a route whose answer is no JSON."""
    schema = (
        {"type": "string"}
        if media_type.startswith("text/")
        else {"type": "string", "contentMediaType": media_type}
    )
    return {status: {"description": description, "content": {media_type: {"schema": schema}}}}


def describe(app: FastAPI) -> None:
    """Have the app's description name the problems that any operation of its kind may answer."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("Problem", PROBLEM)
        for operation in _operations(document):
            _complete(operation)
        for name in _MADE_BY_FASTAPI:
            schemas.pop(name, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        for method, operation in methods.items():
            if method in _METHODS and "operation" not in operation.get("tags", ()):
                yield operation


def _complete(operation: dict[str, Any]) -> None:
    """Add what the middlewares and the gates answer; what a route says itself stays."""
    answered = operation["responses"]
    if "422" in answered and _MEDIA_TYPE not in answered["422"].get("content", {}):
        answered["422"] = _problem(422)
    statuses = [503]
    if operation.get("security"):
        statuses += [401, 403]
    if "requestBody" in operation:
        statuses += [400, 413]
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        statuses += [404]
    for status in sorted(statuses):
        answered.setdefault(str(status), _problem(status))
    operation["responses"] = dict(sorted(answered.items()))


def _problem(status: int) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": _CONTENT}

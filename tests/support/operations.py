"""All operations of an application behind a gate, also those that no description names."""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from shared.web.app import OPEN_TO_ALL

_PATHS = {"{index}": "1", "{day}": "2026-01-12", "{id}": "00000000-0000-4000-8000-000000000000"}


class Operation(NamedTuple):
    method: str
    path: str


def protected(app: FastAPI) -> list[Operation]:
    """Every operation that is not open to all, also those that no description names; paths are filled."""
    return [
        Operation(method, _filled(route.path))
        for route in flat_routes(app.router.routes)
        if (route.openapi_extra or {}).get("security") != OPEN_TO_ALL["security"]
        for method in sorted(route.methods or ())
    ]


def taking_json(app: FastAPI) -> list[Operation]:
    """Every operation that takes JSON, whether FastAPI reads it or the route itself; paths are filled."""
    return [
        Operation(method, _filled(route.path))
        for route in flat_routes(app.router.routes)
        if any(not isinstance(each.field_info, Form) for each in route.dependant.body_params)
        or "application/json" in (route.openapi_extra or {}).get("requestBody", {}).get("content", {})
        for method in sorted(route.methods or ())
    ]


def flat_routes(routes: list[BaseRoute]) -> Iterator[APIRoute]:
    """Every route, also those of routers that were included."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "effective_route_contexts"):
            yield from route.effective_route_contexts()


def _filled(path: str) -> str:
    for name, value in _PATHS.items():
        path = path.replace(name, value)
    return path.replace("{", "").replace("}", "")

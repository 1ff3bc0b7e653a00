"""A misspelt query parameter widens no question: whoever asks without a token is told that nobody knows it."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from tests.support.apps import SERVICES, app_of

pytestmark = pytest.mark.slow


def questions(routes: list[BaseRoute]) -> Iterator[APIRoute]:
    """The routes that answer questions, included ones too."""
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            yield from questions([*route.effective_route_contexts()])
        elif "GET" in (getattr(route, "methods", None) or ()) and getattr(route, "path", "").startswith(
            "/v1/"
        ):
            yield route  # type: ignore[misc]  # an included route is seen through its context


@pytest.mark.parametrize("service", SERVICES)
async def test_an_unknown_parameter_is_refused_by_name(service: str, tmp_path: Path) -> None:
    silent: list[str] = []
    asked = 0
    async with app_of(service, tmp_path) as app:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
            for route in questions(app.router.routes):
                answer = await http.get(re.sub(r"\{[^}]+\}", "x", route.path), params={"nonsense": "1"})
                asked += 1
                # A redirection takes the question along as it is, and 401 comes before any question.
                if answer.status_code not in {307, 401} and "nonsense" not in answer.text:
                    silent.append(route.path)
    assert asked
    assert silent == []

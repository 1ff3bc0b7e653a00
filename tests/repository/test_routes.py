"""Every HTTP route says who may call it: a scheme of tokens, or that it is open; what is open is listed here."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.repository.tree import modules

METHODS = {"get", "head", "post", "put", "patch", "delete", "options", "api_route", "route", "websocket"}

OPEN = {
    ("shared/web/app.py", "/health/live"),
    ("shared/web/app.py", "/health/ready"),
    ("shared/web/app.py", "/metrics"),
    (
        "services/intake/adapters/http/token.py",
        "/token",
    ),  # it asks for the client's secret or assertion itself
    ("services/intake/adapters/http/metadata.py", "/.well-known/oauth-authorization-server"),  # public
    ("services/intake/adapters/http/metadata.py", "/.well-known/jwks.json"),  # public keys only
    ("services/intake/adapters/http/guide.py", "/"),  # getting started; about nobody
    ("services/intake/adapters/http/guide.py", "/problems/{kind}"),  # what an error means
    ("services/intake/adapters/http/elsewhere.py", "/v1/competence"),  # leads to the doors
    ("shared/web/names.py", "/names"),  # the directory is open data
    ("shared/web/reference.py", "/api"),  # the description, for people
    ("services/router/adapters/http/competence.py", "/v1/competence"),  # the directory is open data
    ("services/notifier/adapters/http/deadlines.py", "/v1/deadlines"),  # the law is public
    ("services/notifier/adapters/http/status.py", "/v1/status"),  # figures about nobody
    ("shared/web/pages.py", "/"),  # a page itself holds nothing
    ("shared/web/pages.py", "/files/{name}"),
    ("shared/web/sign_in/routes.py", "/sign-in"),  # leads to the issuer
    ("shared/web/sign_in/routes.py", "/signed-in"),  # asks the issuer who it is
    ("services/audit/adapters/http/files.py", "/checkpoint"),  # the log is for strangers to verify
    ("services/audit/adapters/http/files.py", "/tile/{level}/{path:path}"),  # hashes only
    ("services/audit/adapters/http/files.py", "/{path:path}"),  # always 404
    ("services/audit/adapters/http/page/__init__.py", "/"),  # the page itself holds nothing
    ("services/audit/adapters/http/page/__init__.py", "/page/{name}"),
    ("services/audit/adapters/http/page/__init__.py", "/verify.py"),
    ("services/audit/adapters/http/room.py", "/inclusion"),  # hashes only
    ("services/audit/adapters/http/room.py", "/consistency"),  # hashes only
}


class Route(NamedTuple):
    """Where it is, its path, and all that its declaration says, names of the module resolved."""

    module: str
    path: str
    declared: str


def _routes() -> Iterator[Route]:
    for name, tree in modules("services", "shared"):
        functions = [
            each
            for each in ast.walk(tree)
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.decorator_list
        ]
        constants = _constants(tree) if functions else {}
        for function in functions:
            yield from _of(function, name, constants)


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def _of(
    function: ast.FunctionDef | ast.AsyncFunctionDef, module: str, constants: dict[str, str]
) -> Iterator[Route]:
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(func=ast.Attribute(attr=method), args=[ast.Constant(value=str(path)), *_]):
                if method in METHODS and path.startswith("/"):
                    declared = f"{ast.unparse(decorator)} {ast.unparse(function.args)}"
                    yield Route(
                        module, path, re.sub(r"\b_[A-Z]+\b", lambda m: constants.get(m[0], m[0]), declared)
                    )


@pytest.fixture(scope="module")
def routes() -> list[Route]:
    return list(_routes())


def test_the_routes_are_found(routes: list[Route]) -> None:
    assert len(routes) > len(OPEN)
    assert {(route.module, route.path) for route in routes} >= OPEN


def test_a_route_states_a_token_or_that_it_is_open_to_all(routes: list[Route]) -> None:
    neither_or_both = [
        (route.module, route.path)
        for route in routes
        if ("Security(" in route.declared) == ("OPEN_TO_ALL" in route.declared)
    ]
    assert neither_or_both == [], "state Security(…) or openapi_extra=OPEN_TO_ALL, one of them"


def test_what_is_open_is_listed(routes: list[Route]) -> None:
    assert {(route.module, route.path) for route in routes if "OPEN_TO_ALL" in route.declared} == OPEN


def test_no_route_is_added_where_this_test_does_not_look() -> None:
    hidden = re.compile(r"\.(add_api_route|add_route|add_websocket_route|mount|host)\(")
    found = [name for name, tree in modules("services", "shared") if hidden.search(ast.unparse(tree))]
    assert found == []

"""Log lines have listed fields only: what is not listed would be dropped where somebody needs it."""

import ast
from collections.abc import Iterator

import pytest

from shared.telemetry.logs import FIELDS
from tests.repository.tree import modules

pytestmark = pytest.mark.slow

LEVELS = {"debug", "info", "warning", "error", "critical", "log", "bind", "bind_contextvars"}


def _written() -> Iterator[tuple[str, str]]:
    """Module and field of every keyword that a line is written with."""
    for name, tree in modules("services", "shared"):
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _is_a_line(call.func):
                yield from ((name, each.arg) for each in call.keywords if each.arg)


def _is_a_line(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id == "tell"
    return (
        isinstance(function, ast.Attribute)
        and function.attr in LEVELS
        and any(word in ast.unparse(function.value) for word in ("get_logger", "log", "contextvars"))
    )


def test_every_field_of_a_line_is_listed() -> None:
    written = list(_written())
    assert {field for _, field in written} >= {"route", "status", "topic"}
    assert [(module, field) for module, field in written if field not in FIELDS] == []

"""A digit in a pattern is one of ten: ``\\d`` also takes the digits of other scripts, with which nothing here can work."""

import ast

from tests.repository.tree import modules


def test_no_pattern_takes_digits_of_other_scripts() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules("services", "shared", "amtsweg")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\\d" in node.value
    ]
    assert found == []

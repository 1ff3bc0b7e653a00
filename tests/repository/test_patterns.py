"""What our own code does not write, because it means more than it seems to.

A digit in a pattern is one of ten: ``\\d`` also takes the digits of other scripts, with which nothing here can work."""

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


def test_no_request_of_ours_follows_a_redirection() -> None:
    """`urlopen` does, with every header; `open_unredirected` does not, nor does httpx unless it is told to."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules("services", "shared", "amtsweg")
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr == "urlopen")
        or (isinstance(node, ast.alias) and node.name == "urlopen")
        or (
            isinstance(node, ast.keyword)
            and node.arg == "follow_redirects"
            and ast.unparse(node.value) != "False"
        )
    ]
    assert found == []

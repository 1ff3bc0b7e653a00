"""A limit counts askers as `shared/web/origins.py` tells them apart; nobody counts bare addresses beside it."""

import ast

from tests.repository.tree import modules


def test_nobody_looks_at_the_bare_address_of_a_client() -> None:
    found = {
        name
        for name, tree in modules("services", "shared")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "host"
        and ast.unparse(node.value).endswith("client")
    }
    assert found == {"shared/web/origins.py"}

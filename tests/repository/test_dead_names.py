"""What a module defines is used by what runs: what only its tests use is deleted with them."""

import ast
import re
from collections.abc import Iterator

from tests.repository.tree import CODE, modules

CONTRACT = {"RouterReason": "the reasons of a contract that leaves the field open"}
"""Names that only describe."""


def _used(tree: ast.Module) -> Iterator[str]:
    """Every name that a module reads or imports, and the words of its texts, by which commands are found."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                yield name
            case ast.ImportFrom(names=aliases):
                yield from (alias.name for alias in aliases)
            case ast.Constant(value=str(text)) if id(node) not in prose:
                yield from re.findall(r"\w+", text)


def _defined(tree: ast.Module) -> Iterator[str]:
    """Names at the top level of a module, but for those that a decorator hands on."""
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if not node.decorator_list:
                yield node.name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def _unused(trees: dict[str, ast.Module]) -> dict[str, str]:
    used = {name for tree in trees.values() for name in _used(tree)}
    return {
        name: path
        for path, tree in trees.items()
        for name in _defined(tree)
        if name not in used and not name.startswith("__") and "/migrations/" not in path
    }


def test_every_name_is_used_by_what_runs() -> None:
    assert _unused(dict(modules(*CODE, "benchmarks"))).keys() == CONTRACT.keys()


def test_a_name_that_only_itself_defines_would_be_found() -> None:
    tree = ast.parse("from a import b\nLEFT = 1\ndef used() -> None: b()\ndef alone() -> None: used()")
    assert _unused({"a.py": tree}) == {"LEFT": "a.py", "alone": "a.py"}

"""A public type name has one meaning: it is defined once in the whole project."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.repository.tree import ROOT, tracked

STANDALONE = "services/audit/adapters/http/page/verify.py"
"""Auditors carry this file away; it repeats what it needs."""

ALLOWED = {
    "Settings": "one frozen model for each service, in its own settings.py",
    "Clock": "the same Protocol in each service; services share no ports",
}


def _types(tree: ast.Module) -> Iterator[str]:
    """Classes and type aliases at the top level of a module."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if name[0].isupper() and name != name.upper():
                yield name


def _defined() -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = defaultdict(list)
    for path in tracked():
        name = path.relative_to(ROOT)
        if (
            path.suffix == ".py"
            and name.parts[0] in {"shared", "services", "amtsweg"}
            and str(name) != STANDALONE
        ):
            for defined in _types(ast.parse(path.read_text(encoding="utf-8"))):
                if not defined.startswith("_"):
                    found[defined].append(name)
    return found


def test_a_public_type_name_is_defined_once() -> None:
    twice = {name: [str(file) for file in files] for name, files in _defined().items() if len(files) > 1}
    new = {name: files for name, files in twice.items() if name not in ALLOWED}
    assert new == {}, "rename one of them: a name has one meaning in the whole project"

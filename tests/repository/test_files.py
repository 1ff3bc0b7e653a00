"""What no file of the project says, and how long its code may be."""

import ast
import re
from collections.abc import Iterator

import pytest

from shared.events.topic_names import DEAD_LETTER_TOPICS
from shared.events.topics import CATALOGUE
from tests.repository.tree import CODE, ROOT, modules, texts

LINES_OF_A_MODULE = 300
LINES_OF_A_TEST_MODULE = 400
LINES_OF_A_FUNCTION = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef

LONGER: dict[str, str] = {
    "services/audit/adapters/http/page/verify.py": "one file that an auditor can read and carry away",
    "services/audit/app/service.py:assemble": "wiring: one line a part",
    "services/audit/app/__init__.py:build": "wiring: one line a part",
    "services/intake/app.py:_parts": "wiring: one line a part",
    "services/router/desk/app.py:_parts": "wiring: one line a part",
    "services/router/doors/app.py:_parts": "wiring: one line a part",
}
"""Modules (``path``) and functions (``path:name``) that are longer, each with the reason."""


def _joined(*parts: str) -> str:
    """A word that this file may not contain itself."""
    return "".join(parts)


FOREIGN = {
    "a package registry": re.compile(
        "|".join(
            re.escape(_joined(*parts))
            for parts in (
                ("py", "pi.org"),
                ("pythonho", "sted.org"),
                ("repo1.ma", "ven.org"),
                ("repo.ma", "ven.apache.org"),
                ("npm", "js."),
                ("crates", ".io"),
                ("proxy.", "golang.org"),
                ("deb.", "debian.org"),
                ("index", "-url ="),
            )
        )
    ),
    "a path of somebody's machine": re.compile(
        rf"(?<![\w.])/({_joined('wo', 'rk')}|{_joined('ro', 'ot')}|{_joined('ho', 'me')}/\w+|Users/\w+)/"
    ),
    "a conflict": re.compile(r"^(<{7}|>{7}) ", re.MULTILINE),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names(what: str) -> None:
    found = [name for name, text in texts() if FOREIGN[what].search(text)]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a package registry", _joined("https://", "py", "pi.org/simple")),
        ("a path of somebody's machine", _joined("see /ro", "ot/notes")),
        ("a conflict", _joined("<<<<", "<<< ours")),
    ],
)
def test_what_must_not_be_named_would_be_found(what: str, text: str) -> None:
    assert FOREIGN[what].search(text)


def test_topic_names_stand_in_the_catalogue_and_nowhere_else() -> None:
    names = [topic.name for topic in CATALOGUE] + [*DEAD_LETTER_TOPICS]
    pattern = re.compile("|".join(re.escape(n).replace("<id>", r"[^.\s]+") for n in names))
    found = [
        f"{name}:{line}: {text!r}"
        for name, tree in modules(*CODE)
        if name != "shared/events/topics.py"
        for line, text in _strings(tree)
        if pattern.search(text)
    ]
    assert found == []


def _strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string of a module that is not documentation."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    code = {name for name, _ in modules(*CODE, "benchmarks") if _length(name) > LINES_OF_A_MODULE}
    tests = {name for name, _ in modules("tests") if _length(name) > LINES_OF_A_TEST_MODULE}
    assert code | tests == {name for name in LONGER if ":" not in name}


def _length(name: str) -> int:
    return len((ROOT / name).read_text(encoding="utf-8").splitlines())


def test_no_function_is_longer_than_a_screen() -> None:
    folders = (*CODE, "tests", "benchmarks")
    long = {
        f"{name}:{node.name}"
        for name, tree in modules(*folders)
        for node in ast.walk(tree)
        if isinstance(node, Function) and _body(node) > LINES_OF_A_FUNCTION
    }
    assert long == {name for name in LONGER if ":" in name}


def _body(node: Function) -> int:
    """Lines of the statements, without docstring and without functions that are made inside."""
    statements = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    inside = [part for part in statements if isinstance(part, Function)]
    first = statements[0].lineno if statements else node.end_lineno or 0
    return (
        (node.end_lineno or 0) - first + 1 - sum((part.end_lineno or 0) - part.lineno + 1 for part in inside)
    )


def test_rooms_are_named_for_what_is_in_them() -> None:
    nameless = re.compile(r"(^|/|_)(utils?|commons?|managers?|base|helpers?|misc)(\.py|/|_)")
    assert [name for name, _ in texts() if name.endswith(".py") and nameless.search(name)] == []


def test_every_locked_requirement_has_a_hash_and_no_address() -> None:
    for lock in sorted((ROOT / "locks").glob("*.txt")):
        text = lock.read_text(encoding="utf-8")
        requirements = re.findall(r"^[\w.\-]+(?:\[[^\]]*\])?==.*$", text, re.MULTILINE)
        assert requirements, lock
        assert all(line.endswith("\\") for line in requirements), f"{lock}: a requirement without a hash"
        assert "://" not in text, f"{lock}: an address"


def test_every_rule_switched_off_has_its_code_and_its_reason() -> None:
    bare = re.compile(r"#\s*(noqa(?!: [A-Z0-9, ]+ +\S)|type: ignore(?!\[[a-z\-, ]+\] +#? ?\S))")
    found = [
        f"{name}:{number}"
        for name, text in texts()
        if name.endswith(".py") and name != "tests/repository/test_files.py"
        for number, line in enumerate(text.splitlines(), start=1)
        if bare.search(line)
    ]
    assert found == []


def test_the_changelog_has_a_section_for_what_is_not_released() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[Unreleased\]$", text, re.MULTILINE)

"""What a file holds reaches memory up to a bound: programs read files by `shared.bounded_files`, and by nothing else."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.repository.tree import modules

_READ_ALL = {"read_text", "read_bytes", "readlines"}
_READS_WITHIN_BOUNDS = {
    "shared/bounded_files.py": "the one way",
    "services/audit/adapters/http/page/verify.py": "a file that stands alone has the bound itself",
    "amtsweg/batch.py": "line by line, each up to its bound",
    "amtsweg/help.py": "a part of the package",
    "amtsweg/stack/jars.py": "a digest, portion by portion",
    "amtsweg/stack/log_command.py": "keeps the last lines only",
    "amtsweg/stack/process.py": "keeps the last lines only",
    "amtsweg/stack/supervisor.py": "the number of a process",
}


def _unbounded(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if named in _READ_ALL or (named in {"open", "fdopen"} and _opens_for_reading(node)):
            yield ast.unparse(node)


def _opens_for_reading(node: ast.Call) -> bool:
    """Whether it is a file, and not opened to write only; what else is called `open` here gets something else."""
    if ast.unparse(node.func) in {"os.open", "tarfile.open"}:  # a descriptor, an archive of bounded parts
        return False
    texts = [
        each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    modes = [each for each in texts if re.fullmatch(r"[rwxabt+]{1,3}", each)]
    named = {each.arg: ast.unparse(each.value).strip("'") for each in node.keywords}
    modes += [named["mode"]] if "mode" in named else []
    if modes:
        return any("r" in mode or "+" in mode for mode in modes)
    return isinstance(node.func, ast.Name) or bool({"encoding", "errors", "newline"} & named.keys())


def test_programs_read_files_up_to_a_bound() -> None:
    found = {
        name: list(_unbounded(tree))
        for name, tree in modules("services", "shared", "amtsweg")
        if name not in _READS_WITHIN_BOUNDS
    }
    assert {name: reads for name, reads in found.items() if reads} == {}


def test_every_exception_is_needed() -> None:
    trees = dict(modules("services", "shared", "amtsweg"))
    assert [name for name in _READS_WITHIN_BOUNDS if not list(_unbounded(trees[name]))] == []


@pytest.mark.parametrize(
    "read",
    [
        "path.read_text()",
        "path.read_bytes()",
        "open(path)",
        "open(path, mode='rb')",
        "path.open('r+')",
        "path.open(encoding='utf-8')",
        "file.readlines()",
    ],
)
def test_the_walk_finds_each_kind_of_read(read: str) -> None:
    assert list(_unbounded(ast.parse(read))) == [ast.unparse(ast.parse(read))]


@pytest.mark.parametrize(
    "other", ["open(path, 'wb')", "secrecy.open(data, key=key)", "desk.open('/v1/export')"]
)
def test_the_walk_leaves_what_reads_no_file(other: str) -> None:
    assert list(_unbounded(ast.parse(other))) == []

"""The start pages: every command in them exists with its options, every program lies where it is called from; and every
message of the troubleshooting page is said by the code."""

import ast
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from amtsweg.__main__ import COMMANDS, build
from tests.repository.tree import CODE, ROOT, modules

pytestmark = pytest.mark.slow

START = ("authority", "auditor", "clearing-desk", "operator", "platform")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def _lines() -> Iterator[list[str]]:
    for user in START:
        for block in _BLOCK.findall(_page(f"start/{user}.md")):
            yield from (shlex.split(line, comments=True) for line in block.splitlines())


def _commands() -> list[list[str]]:
    return [line[1:] for line in _lines() if line and line[0] == "amtsweg"]


@pytest.mark.parametrize("words", _commands(), ids=" ".join)
def test_a_command_of_a_start_page_exists_with_its_arguments(words: list[str]) -> None:
    assert words[0] in COMMANDS
    command: Any = typer.main.get_command(build(list(COMMANDS)))
    rest = words
    while (inner := getattr(command, "commands", None)) is not None and rest:
        assert rest[0] in inner, f"there is no amtsweg {' '.join(words)}"
        command, rest = inner[rest[0]], rest[1:]
    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert {word for word in rest if word.startswith("--")} <= options
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    assert len([word for word in rest if not word.startswith("--")]) <= len(arguments)


def test_every_program_and_target_of_a_start_page_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    programs = 0
    for words in filter(None, _lines()):
        if words[0] == "make":
            assert words[1] in targets
        elif words[0] in {"python", "node"}:
            assert (ROOT / words[1]).is_file(), words[1]
            programs += 1
        else:
            assert words[0] == "amtsweg"
    assert programs >= 4


def test_every_start_page_is_named_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [user for user in START if f"docs/start/{user}.md" not in readme] == []


def _messages() -> list[str]:
    rows = [line for line in _page("troubleshooting.md").splitlines() if line.startswith("| `")]
    return [message for row in rows for message in _CODE.findall(row.split("|")[1])]


def test_every_message_of_the_troubleshooting_page_is_said_by_the_code() -> None:
    said = {
        node.value
        for _, tree in modules(*CODE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    pieces = [piece.strip() for message in _messages() for piece in message.split("…") if piece.strip()]
    assert len(pieces) >= 15
    assert [piece for piece in pieces if not any(piece in text for text in said)] == []

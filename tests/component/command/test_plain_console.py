"""What a stranger wrote reaches no terminal as markup or control sequence, whichever command shows it."""

import ast
import json
import re

import pytest
from rich.table import Table

from amtsweg.terminal import echo_json, json_line, plain_console, printable
from tests.repository.tree import modules

HOSTILE = "[link=https://example.org]Gießen[/link] [red]x[/] :warning: \x1b[31m"


def test_what_a_stranger_wrote_is_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("Ort")
    table.add_row(printable(HOSTILE))
    plain_console().print(table)
    shown = capsys.readouterr().out
    assert "[link=https://example.org]Gießen[/link] [red]x[/] :warning: \\u001b[31m" in shown
    assert "\x1b" not in shown


def test_no_identifier_is_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = [f"AW-2026-{letter * 12}" for letter in "ABCDEFGHIJ"]
    table = Table(*(str(place) for place in range(len(numbers))))
    table.add_row(*numbers)
    plain_console().print(table)
    shown = capsys.readouterr().out
    assert all(number in shown for number in numbers)


UNSEEN = "\x1b[31m\x7f\x9b2J\u202egnip\u2066\U000e0001\u00a0\n"


def test_json_stays_the_same_and_holds_nothing_that_is_not_printable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    echo_json({"written": UNSEEN, "Straße": ["ü", "東京", "😀"]})
    shown = capsys.readouterr().out
    for text in (shown, json_line({"written": UNSEEN})):
        assert json.loads(text)["written"] == UNSEEN
        assert text.replace("\n", "").isprintable()
    assert all(seen in shown for seen in ("Straße", "ü", "東京", "😀"))


def test_every_command_prints_through_one_module() -> None:
    """`print`, `typer.echo` and `click.echo` show what they are given as it is."""
    raw = [
        f"{module}:{call.lineno}"
        for module, tree in modules("amtsweg")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and re.fullmatch(r"typer\.(s?echo|secho)|click\.echo|print", ast.unparse(call.func))
    ]
    assert [each for each in raw if not str(each).split(":")[0].endswith(("terminal.py", "terminal"))] == []

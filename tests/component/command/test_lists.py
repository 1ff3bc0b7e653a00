"""Every list has `--json`, and no table cuts the identifier that the next command needs."""

from typing import Any

import pytest
import typer
from rich.table import Table

from amtsweg.__main__ import COMMANDS, build
from amtsweg.terminal import plain_console
from tests.component.command.test_mistakes import leaves

LISTS = sorted(
    path
    for path, _ in leaves(typer.main.get_command(build(list(COMMANDS))))
    if path[-1] in {"list", "status"}
)


def options(path: tuple[str, ...]) -> list[str]:
    command: Any = dict(leaves(typer.main.get_command(build(list(COMMANDS)))))[path]
    return [option for parameter in command.params for option in parameter.opts]


def test_there_are_lists() -> None:
    assert ("dead-letters", "list") in LISTS
    assert ("parked", "list") in LISTS


@pytest.mark.parametrize("path", LISTS, ids=" ".join)
def test_every_list_is_there_for_programs(path: tuple[str, ...]) -> None:
    assert "--json" in options(path)


def test_no_other_way_leads_to_a_terminal_that_cuts_what_is_in_a_pipe(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table(*map(str, range(8)))
    table.add_row(*(f"router-projection:{n}00000000000000000" for n in range(8)))
    plain_console().print(table)
    assert "…" not in capsys.readouterr().out

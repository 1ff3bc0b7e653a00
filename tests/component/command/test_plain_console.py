import pytest
from rich.table import Table

from amtsweg.terminal import plain_console, printable

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

"""A number or a day that a command cannot take is refused with what it expects, in the language of the call."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner

from amtsweg.__main__ import COMMANDS, build
from amtsweg.help import in_one_language
from amtsweg.language import LANGUAGE_VARIABLE, CommandLanguage
from tests.component.command.test_mistakes import elsewhere
from tests.support.languages import foreign

pytestmark = pytest.mark.slow

__all__ = ["elsewhere"]

_CHECKED = (int, float, UUID, date, datetime)
"""What the framework makes of a text itself; a call with anything else would go on and do something."""

EXPECTS = {"de": ("erwartet wird", "hat nicht die Form"), "en": ("expected", "does not match the format")}


def _options(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """How each option that takes more than text is called."""
    for parameter in command.params:
        wanted = getattr(parameter, "type_descriptor", None)
        if parameter.opts[0].startswith("--") and wanted and wanted.annotation in _CHECKED:
            yield (*path, parameter.opts[0])
    for name, part in getattr(command, "commands", {}).items():
        yield from _options(part, (*path, name))


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_option_that_is_no_text_says_what_it_expects(lang: CommandLanguage, elsewhere: Path) -> None:
    app = build(list(COMMANDS))
    root = typer.main.get_command(app)
    in_one_language(root)
    calls = list(_options(root))
    assert len(calls) > 10
    told = {call: CliRunner().invoke(app, [*call, "-7x"], env={LANGUAGE_VARIABLE: lang}) for call in calls}
    silent = {
        call: done.stderr
        for call, done in told.items()
        if done.exit_code != 2
        or not any(each in done.stderr for each in EXPECTS[lang])
        or foreign(done.output, spoken=lang)
    }
    assert silent == {}


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("de", "'--submissions': erwartet wird mindestens 12."),
        ("en", "'--submissions': expected at least 12."),
    ],
)
def test_the_least_number_is_named(lang: CommandLanguage, said: str) -> None:
    told = CliRunner().invoke(build(["demo"]), ["demo", "--submissions", "1"], env={LANGUAGE_VARIABLE: lang})
    assert (told.exit_code, told.stderr.splitlines()[0]) == (2, said)

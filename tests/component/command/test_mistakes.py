"""Every command, called with what people type by mistake: a sentence and an exit status, never a traceback."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from amtsweg.__main__ import COMMANDS, build, own_options_first
from amtsweg.language import LANGUAGE_VARIABLE, CommandLanguage
from amtsweg.mistakes import explained
from shared.errors import Stopped, Unavailable
from tests.support.languages import foreign

pytestmark = pytest.mark.slow

LANGUAGES: tuple[CommandLanguage, ...] = ("de", "en")

WRONG = (
    "",
    "nonsense",
    "99999999999999999999",
    "2026-13-45",
    "[/bold]\x1b[31m",
    "a" * 5000,
)

NEVER = {("up",), ("demo",), ("docs",), ("directory", "check"), ("provision", "keys")}
"""Called with right values these start a stack, write pages or work for seconds; they get wrong options only."""


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that is no group, with its words."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, part in inner.items():
        yield from leaves(part, (*path, name))


@cache
def every_command() -> dict[tuple[str, ...], Any]:
    return dict(sorted(leaves(typer.main.get_command(build(list(COMMANDS)))), key=lambda found: found[0]))


def arguments(command: Any, value: str) -> list[str]:
    """One call in which every argument and option has this value."""
    words: list[str] = []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            words.insert(0, value)
        elif not parameter.is_flag and parameter.name != "help":
            words += [parameter.opts[0], value]
    return words


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a stack; with a folder, a binary file and a broken one to name."""
    monkeypatch.chdir(tmp_path)
    for name in ("AMTSWEG_VAR", "AMTSWEG_KAFKA__BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "broken.json").write_text('{"a": ')
    return tmp_path


_ENDS = {
    ("down",): {0, 2},  # nothing ran
    ("status",): {1, 2},
    ("templates", "preview"): {0, 2},  # any name will do
    ("audit", "check"): {1, 2},  # a rule or a file that proves nothing is refused
    ("audit", "verify-statement"): {1, 2},
    ("authority", "revoke"): {1, 2},
}
"""How a call with a wrong value may end where another end is right; every other one must be corrected: 2."""

FILES = ("folder", "binary", "broken.json", "missing.json")


@pytest.mark.parametrize("words", [*every_command()], ids=" ".join)
def test_a_wrong_value_is_answered_with_a_sentence_in_one_language(
    words: tuple[str, ...], elsewhere: Path
) -> None:
    command = every_command()[words]
    calls = [[], ["--nonsense"], ["a1", "b2", "c3", "d4", "e5"]]
    if words not in NEVER:
        calls += [arguments(command, value) for value in (*WRONG, *FILES)]
    application = build([words[0]])
    for number, call in enumerate(calls if words not in NEVER else calls[1:]):
        spoken = LANGUAGES[number % 2]
        told = CliRunner().invoke(application, [*words, *call, "--lang", spoken])

        assert told.exception is None or isinstance(told.exception, SystemExit), (call, told.exception)
        assert told.exit_code in _ENDS.get(words, {2}), (call, told.output)
        assert "Traceback" not in told.output
        assert "\x1b[31m" not in told.output
        if told.exit_code:
            assert told.output.strip(), f"{words} {call} ends with {told.exit_code} and says nothing"
            assert not foreign(told.output, spoken=spoken), told.output


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize(
    "failure",
    [
        Stopped("log x.example/1 is closed; nothing is appended"),
        Unavailable("case.custody.v1, partition 3: cannot be read to its end"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_what_a_service_says_of_a_failure_is_told_in_the_language_of_the_call(
    failure: Exception,
    spoken: CommandLanguage,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, spoken)
    with pytest.raises(typer.Exit), explained():
        raise failure
    told = capsys.readouterr().err
    assert {"de": "Technische Angabe", "en": "Technical text"}[spoken] not in told
    assert not foreign(told.replace("`", ""), spoken=spoken), told


def test_own_options_may_stand_anywhere() -> None:
    assert own_options_first(["status", "--var", "x", "--json"]) == ["--var", "x", "status", "--json"]
    assert own_options_first(["parked", "list", "--lang=en"]) == ["--lang=en", "parked", "list"]
    assert own_options_first(["logs", "--", "--var"]) == ["logs", "--", "--var"]
    assert own_options_first(["status", "--var"]) == ["--var", "status"]


def test_the_folder_of_the_stack_holds_for_every_command(elsewhere: Path) -> None:
    told = CliRunner().invoke(build(["status"]), ["status", "--var", "folder"])

    assert told.exit_code == 1  # asked whether all runs: no
    assert "Stapel" in told.stderr or "stack" in told.stderr


@pytest.mark.parametrize(("lang", "said"), [("de", "Es läuft kein Stapel"), ("en", "No stack is running")])
def test_the_language_of_a_call_is_chosen(lang: str, said: str, elsewhere: Path) -> None:
    assert said in CliRunner().invoke(build(["status"]), ["status", "--lang", lang]).stderr


def test_an_unknown_language_is_refused(elsewhere: Path) -> None:
    told = CliRunner().invoke(build(["status"]), ["status", "--lang", "fr"])

    assert told.exit_code == 2
    assert "erwartet wird de oder en" in told.stderr or "expected de or en" in told.stderr

"""Every command speaks one language in a call: its help, its lists of commands, what it says about a wrong call."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from typer.testing import CliRunner

from amtsweg import messages
from amtsweg.__main__ import COMMANDS, build
from amtsweg.code_words import (
    CLIENT_KINDS,
    CLOSE_REASONS,
    EXPORT_FORMS,
    GROUPS,
    LISTED_STATES,
    QUOTAS,
    RECEIVED_THROUGH,
    ROADS,
    SCOPES,
    SENT_BY,
    TABLES,
    UNVERIFIED,
    with_words,
)
from amtsweg.help import _patterns, _plain, catalogue, every_part, in_one_language, translated
from amtsweg.language import LANGUAGE_VARIABLE, CommandLanguage
from amtsweg.stack.provision import quotas
from services.audit.domain.export import Form
from services.notifier.domain.deadlines.inquiry import Via
from services.notifier.domain.deadlines.law import DispatchChannel
from services.router.domain.cases.desk import REASONS_DE, REASONS_EN
from services.router.domain.decision.resolver import Unverified
from shared.access import principal
from shared.events import topics
from shared.events.competence import Road
from shared.events.operation import CloseReason
from tests.component.command.test_mistakes import elsewhere
from tests.support.languages import foreign

pytestmark = pytest.mark.slow

__all__ = ["elsewhere"]

LANGUAGES: tuple[CommandLanguage, ...] = ("de", "en")


def every_help(command: Any, parent: Any = None) -> Iterator[tuple[str, str]]:
    """The help of the command and of all below it, as the framework writes it."""
    context = command.context_class(command, info_name=command.name or "amtsweg", parent=parent)
    yield context.command_path, command.get_help(context)
    for part in getattr(command, "commands", {}).values():
        yield from every_help(part, context)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_help_of_every_command_is_in_one_language(
    lang: CommandLanguage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, lang)
    root = typer.main.get_command(build(list(COMMANDS)))
    in_one_language(root)
    written = dict(every_help(root))

    assert len(written) > len(COMMANDS)
    for name, told in written.items():
        assert told.startswith({"de": f"Aufruf: {name}", "en": f"Usage: {name}"}[lang])
        assert not foreign(told, spoken=lang), told


@pytest.mark.parametrize(
    ("lang", "shown"), [("de", "Zeigen, was läuft"), ("en", "Show what runs")], ids=["de", "en"]
)
def test_help_is_in_the_language_of_its_call(lang: str, shown: str) -> None:
    for call in (["status", "--help", "--lang", lang], [f"--lang={lang}", "status", "--help"]):
        told = CliRunner().invoke(build(["status"]), call)
        assert shown in told.output
        assert told.exit_code == 0


WRONG_USE: tuple[list[str], ...] = (
    ["status", "--nonsense"],
    ["status", "too", "many"],
    ["nonsense"],
    ["logs", "--lines", "-1"],
    ["logs", "--lines", "many"],
    ["logs", "--lines"],
    ["status", "--json=1"],
    ["restart"],
    ["status", "--lang", "fr"],
    ["messages", "list", "--case", "x"],
    ["verify", "missing"],
    ["verify", "."],
    ["messages"],
    [],
)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("call", WRONG_USE, ids=" ".join)
def test_a_wrong_call_is_explained_in_one_language(
    call: list[str], lang: CommandLanguage, elsewhere: Path
) -> None:
    app = build(["status", "logs", "restart", "messages", "verify"])
    told = CliRunner().invoke(app, call, env={LANGUAGE_VARIABLE: lang})

    assert told.exit_code == 2, told.output
    assert told.stderr.strip()
    assert not foreign(told.output, spoken=lang), told.output


def _with_codes(root: Any) -> Iterator[str]:
    """The help of each parameter that lists codes."""
    for each in every_part(root):
        for parameter in each.params:
            text = getattr(parameter, "help", None) or ""
            for pattern, _ in _patterns():
                if (found := pattern.fullmatch(text)) is not None and "names" in found.groupdict():
                    yield found["names"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_help_that_lists_codes_says_what_each_means(lang: CommandLanguage) -> None:
    lists = [*_with_codes(typer.main.get_command(build(list(COMMANDS))))]
    assert len(lists) >= 10
    for codes in lists:
        told = with_words(codes, lang)
        assert told != codes, codes
        for code in codes.split(", "):
            assert f"{code} (" in told or lang == "en", told


def test_codes_and_their_words_are_those_that_commands_take() -> None:
    assert CLOSE_REASONS.keys() == {*get_args(CloseReason)}
    assert GROUPS.keys() == {*topics.GROUPS}
    assert SCOPES.keys() == {*principal.SCOPES}
    assert CLIENT_KINDS.keys() == {*get_args(principal.PrincipalKind)}
    assert ROADS.keys() == {*get_args(Road)}
    assert RECEIVED_THROUGH.keys() == {*get_args(Via)}
    assert SENT_BY.keys() == {*get_args(DispatchChannel)}
    assert UNVERIFIED.keys() == {*get_args(Unverified)}
    assert LISTED_STATES.keys() == {*messages.STATES}
    assert EXPORT_FORMS.keys() == {*get_args(Form)}
    assert QUOTAS.keys() == {*quotas.QUOTAS}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_code_has_words_of_one_language(lang: CommandLanguage) -> None:
    for table in TABLES:
        assert not foreign(" ".join(words[LANGUAGES.index(lang)] for words in table.values()), spoken=lang)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (["--json", "resolve"], "amtsweg resolve --json"),
        (["--offline", "resolve", "--plz", "35390"], "amtsweg resolve --offline"),
        (["parked", "--json", "list"], "amtsweg parked list --json"),
    ],
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_option_before_its_command_is_told_where_it_belongs(
    call: list[str], told: str, lang: CommandLanguage
) -> None:
    part = next(word for word in call if word in COMMANDS)
    answer = CliRunner().invoke(build([part]), call, prog_name="amtsweg", env={LANGUAGE_VARIABLE: lang})
    assert answer.exit_code == 2
    assert {"de": "gehört hinter den Befehl", "en": "belongs behind the command"}[lang] in answer.stderr
    assert told in answer.stderr


def test_every_text_of_help_is_in_the_catalogue() -> None:
    root = typer.main.get_command(build(list(COMMANDS)))
    texts = {each.help for each in every_part(root)}
    texts |= {
        parameter.help
        for each in every_part(root)
        for parameter in each.params
        if not getattr(parameter, "hidden", False)
    }
    assert {text for text in texts if not text or not _in_catalogue(text.strip())} == set()


def _in_catalogue(text: str) -> bool:
    return text in _plain() or any(pattern.fullmatch(text) for pattern, _ in _patterns())


def test_every_reason_to_park_a_case_has_words_in_both_languages() -> None:
    assert REASONS_EN.keys() == REASONS_DE.keys()
    assert not [foreign(words, spoken="en") for words in REASONS_EN.values() if foreign(words, spoken="en")]


def test_the_catalogue_has_nothing_that_no_command_says() -> None:
    root = typer.main.get_command(build(list(COMMANDS)))
    texts = {each.help for each in every_part(root)}
    texts |= {parameter.help for each in every_part(root) for parameter in each.params}
    both = {translated(text or "") for text in texts} | {"Show this message and exit.", "Diese Hilfe zeigen."}
    stale = [pair for pair in catalogue() if "{" not in pair[0] and not both & set(pair)]
    assert stale == []


def test_each_text_of_the_catalogue_is_in_its_language() -> None:
    for german, english in catalogue():
        assert not foreign(german, spoken="de")
        assert not foreign(english, spoken="en")

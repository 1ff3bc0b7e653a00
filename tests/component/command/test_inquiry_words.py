"""A question that cannot be read names the option and what it expects, in the language of the call."""

import ast
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amtsweg.__main__ import build
from amtsweg.inquiry_words import inquiry_words
from amtsweg.language import LANGUAGE_VARIABLE, CommandLanguage
from services.notifier.domain.deadlines import announcement, compute
from services.notifier.domain.deadlines import inquiry as deadline_inquiry
from services.router.domain.decision import inquiry as competence_inquiry
from tests.support.languages import foreign

pytestmark = pytest.mark.slow

TRADE = ("resolve", "--offline", "--service", "99050012104000")
PERIOD = ("deadline", "--profile", "three-months-deemed-approval")

WRONG = (
    (*TRADE, "--ags", "06531005", "--on", "2026-13-40"),
    (*TRADE, "--ags", "06531005", "--on", "01.03.2026"),
    (*TRADE, "--ags", "0653"),
    (*TRADE, "--ars", "0653"),
    (*TRADE, "--plz", "3539O"),
    (*TRADE, "--plz", "35390", "--town", "x" * 101),
    (*TRADE, "--town", "Gießen"),
    (*TRADE, "--ags", "06531005", "--plz", "35390"),
    (*TRADE, "--ags", "06531005", "--choice", ""),
    (*TRADE, "--ags", "06531005", "--road", "Feldweg"),
    ("resolve", "--offline", "--service", "Gewerbe"),
    ("deadline", "--received", "2026-01-12"),
    ("deadline", "--received", "2026-01-12", "--service", "7"),
    ("deadline", "--received", "2026-01-12", "--service", "99999999999999"),
    ("deadline", "--received", "2026-01-12", "--profile", "Drei Monate"),
    ("deadline", "--received", "2026-01-12", "--profile", "no-such-profile"),
    (*PERIOD, "--received", "gestern"),
    (*PERIOD, "--received", "2026-01-12", "--via", "post"),
    (*PERIOD, "--received", "2026-01-12", "--supplements-received", "2025-01-12"),
    (*PERIOD, "--received", "2026-01-12", "--extended-by-months", "61"),
    (*PERIOD, "--received", "2026-01-12", "--extended-by-months", "1", "--incomplete"),
    (*PERIOD, "--received", "2026-01-12", "--sent", "2026-01-11", "--sent-by", "letter"),
    (*PERIOD, "--received", "2026-01-12", "--sent", "2026-03-11", "--sent-by", "pigeon"),
    (*PERIOD, "--received", "2026-01-12", "--retrieved", "2026-03-11"),
    (
        "deadline",
        "--profile",
        "three-days-confirmation",
        "--received",
        "2026-01-12",
        "--extended-by-months",
        "1",
    ),
)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_wrong_question_says_which_option_and_what_is_expected(lang: CommandLanguage) -> None:
    for call in WRONG:
        told = CliRunner().invoke(build([call[0]]), [*call], env={LANGUAGE_VARIABLE: lang})
        option, _, expected = told.stderr.removeprefix(f"amtsweg {call[0]}: ").partition(": ")
        assert told.exit_code == 2, call
        assert option.startswith("--"), (call, told.stderr)
        assert expected.strip(), call
        if lang == "de":
            assert "erwartet w" in expected, (call, told.stderr)
            assert not foreign(expected, spoken="de"), (call, told.stderr)


@pytest.mark.parametrize("module", [competence_inquiry, deadline_inquiry, compute, announcement])
def test_every_sentence_about_an_option_of_a_command_is_there_in_german(
    module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sentences with a figure or a name in them are tried above, by a call."""
    monkeypatch.setenv(LANGUAGE_VARIABLE, "de")
    file = Path(str(getattr(module, "__file__", "")))
    texts = [
        node.args[1].value
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"BadInquiry", "BadDeadlineInquiry"}
        and isinstance(node.args[1], ast.Constant)
    ]
    texts += [f"expected {text}" for text in getattr(module, "_EXPECTED", {}).values()]
    only_over_http = {
        "expected beside attributes or in them, not both",
        "expected an object, for example with road",
        "expected true or false",
    }
    assert texts
    assert [
        each for each in texts if each not in only_over_http and "`" in inquiry_words("field", str(each))
    ] == []

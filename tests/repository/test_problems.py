"""Every refusal says in words what failed and what to do about it, in German or in English, never in both at once."""

import ast
from collections.abc import Iterator

import pytest

from services.intake.adapters.http.problem_catalogue import CATALOGUE
from tests.repository.tree import modules
from tests.support.languages import foreign

pytestmark = pytest.mark.slow

_SAID = ("title", "detail", "resolution")


def _made() -> Iterator[tuple[str, ast.Call]]:
    for name, tree in modules("services", "shared"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Problem":
                yield f"{name}:{node.lineno}", node


def _empty(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not str(value.value or "").strip()


def test_every_problem_that_the_code_makes_has_title_detail_and_resolution() -> None:
    made = dict(_made())
    assert len(made) > 30
    silent = [
        f"{where}: {part}"
        for where, call in made.items()
        for told in [{each.arg: each.value for each in call.keywords}]
        for part in _SAID
        if None not in told and (part not in told or _empty(told[part]))
    ]
    assert silent == []


def test_every_problem_of_intakes_catalogue_says_in_both_languages_what_to_do() -> None:
    silent = [kind for kind, (_, *wordings) in CATALOGUE.items() for said in wordings if not all(said)]
    assert silent == []


def test_every_problem_can_be_said_in_either_language() -> None:
    """A text is made in both at its place, or comes from a table of both."""
    plain = [
        f"{where}: {part}"
        for where, call in _made()
        for told in [{each.arg: each.value for each in call.keywords}]
        for part in _SAID
        if isinstance(told.get(part), ast.Constant | ast.JoinedStr)
    ]
    assert plain == []


def test_no_text_of_a_problem_mixes_the_languages() -> None:
    bilingual = [
        (f"{name}:{node.lineno}", {each.arg: _words(each.value) for each in node.keywords})
        for name, tree in modules("services", "shared")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Bilingual"
    ]
    assert len(bilingual) > 100
    assert [place for place, told in bilingual if set(told) != {"de", "en"} or not all(told.values())] == []
    mixed = {
        f"{place} {told}": found
        for place, told in bilingual
        for found in [[*foreign(told["de"] or "", spoken="de"), *foreign(told["en"] or "", spoken="en")]]
        if found
    }
    assert mixed == {}


def _words(text: ast.expr) -> str:
    """The text, with what is put into it left out; the catalogue of intake has its own test."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in parts)


def test_intakes_catalogue_does_not_mix_the_languages() -> None:
    mixed = {
        kind: found
        for kind, (_, german, english) in CATALOGUE.items()
        for found in [
            [
                *(word for text in german for word in foreign(text, spoken="de")),
                *(word for text in english for word in foreign(text, spoken="en")),
            ]
        ]
        if found
    }
    assert mixed == {}

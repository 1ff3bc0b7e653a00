"""Every refusal says in words what failed and what to do about it."""

import ast
from collections.abc import Iterator

import pytest

from services.intake.adapters.http.problem_catalogue import CATALOGUE
from tests.repository.tree import modules

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

"""One language in a call: every text of the command is there in German and in English, and both say the same."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.repository.tree import modules

_SAYS: Final = frozenset(
    {"echo", "secho", "print", "BadParameter", "StackError", "MissingPartError", "PartFailedError", "Table"}
)
_SENTENCE: Final = re.compile(r"[^\W\d_]{3,} [^\W\d_]{2,}")
_BLANK: Final = re.compile(r"\{([^{}!:]*)")

_CATALOGUES: Final = ("amtsweg", "services", "shared")


def _pairs() -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """Each text in German and English: a call of `said` or `Bilingual`, or a pair in a table of texts."""
    for name, tree in modules(*_CATALOGUES):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"said", "Bilingual"}:
                told = {keyword.arg: keyword.value for keyword in node.keywords}
                if {"de", "en"} <= told.keys():
                    yield f"{name}:{node.lineno}", told["de"], told["en"]
            if isinstance(node, ast.Dict):
                for value in node.values:
                    if isinstance(value, ast.Tuple) and len(value.elts) == 2 and all(map(_text, value.elts)):
                        yield f"{name}:{value.lineno}", value.elts[0], value.elts[1]


def _text(node: ast.expr) -> str:
    """The text with its blanks by name; empty where it is computed."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text(part) if isinstance(part, ast.Constant) else "{" + ast.unparse(part)[3:-2]
            for part in node.values
        )
    return ""


def _filled(node: ast.expr) -> set[str]:
    """What is put into the text; how a value is put into words may differ from language to language."""
    if isinstance(node, ast.JoinedStr):
        return {
            inner.id
            for part in node.values
            if isinstance(part, ast.FormattedValue)
            for inner in ast.walk(part.value)
            if isinstance(inner, ast.Name)
            and inner.id != "error"  # what a program has found is English
            and not inner.id.isupper()  # a table of words
        }
    return set(_BLANK.findall(_text(node)))


def test_every_text_has_both_languages_with_the_same_blanks() -> None:
    pairs = list(_pairs())
    assert len(pairs) > 300
    empty = [
        place
        for place, *both in pairs
        if any(isinstance(each, ast.Constant) and not each.value for each in both)
    ]
    assert empty == []
    assert [place for place, de, en in pairs if _text(de) and _text(en) and _filled(de) != _filled(en)] == []


def test_no_sentence_is_said_without_asking_for_the_language() -> None:
    said = {
        name
        for name, tree in modules("amtsweg")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in _SAYS
        and any(_SENTENCE.search(_bare(shown)) for shown in (*node.args, *(k.value for k in node.keywords)))
    }
    assert said == set()


def _bare(node: ast.expr) -> str:
    """The words of the text without what is put in, and without the name of the command before it."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in parts)
    return re.sub(r"^amtsweg [a-z -]+:", "", text)

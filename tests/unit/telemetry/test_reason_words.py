"""Reasons in words: a walk over everything that services write as one; what is unknown is told as technical text."""

import ast
import errno
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product

import pytest

from shared.engine.failure_policy import FOLLOWS
from shared.local_time import ReadIn
from shared.telemetry.logs import describe
from shared.telemetry.reason_words import reason_words
from tests.repository.tree import modules
from tests.support.languages import foreign

RAISED = {
    "ProofRefused",
    "CursorRefused",
    "Undecodable",
    "UnpackingRefused",
    "Stopped",
    "Fork",
    "QuorumMissing",
}
"""Exceptions whose text becomes the reason of a dead letter, of a stop, or of a part that does not work."""

TOLD = {"stopped": 0, "disputed": 0, "_fall_behind": 0, "hold_against": 1, "_fault": 3} | dict.fromkeys(
    RAISED, 0
)
"""Calls that take a reason, and which of their arguments it is."""

UNDER_PARTS = (
    "shared/kafka/",
    "shared/engine/",
    "shared/postgres/",
    "shared/service/",
    "shared/access/",
    "services/audit/",
)
"""Where an ``Unavailable`` becomes the reason why a part has begun anew; elsewhere it is an answer's or a log's alone."""

NAMED = {"set", "_set", "DeadLetterVerdict"}
RETURNED = {"reached", "partition_fault"}
VALUE = "x1"
"""Stands for what a text gets from elsewhere."""


class Texts:
    """What the expressions of one module can say, as far as the module itself tells."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.tree = tree
        self.told = TOLD | ({"Unavailable": 0} if name.startswith(UNDER_PARTS) else {})
        self.assigned: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[target], value=value):
                    self.assigned.setdefault(ast.unparse(target), []).append(value)
                case (
                    ast.AnnAssign(target=target, value=ast.expr() as value)
                    | ast.NamedExpr(target=target, value=value)
                ):
                    self.assigned.setdefault(ast.unparse(target), []).append(value)
                case ast.FunctionDef(name=name):
                    returned = [
                        each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value
                    ]
                    self.assigned.setdefault(f"{name}()", []).extend(returned)

    def of(self, told: ast.expr, depth: int = 4) -> list[str]:
        """All texts of this expression; none where they come from elsewhere."""
        match told:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                parts = [self.of(each, depth) or [VALUE] for each in values]
                return ["".join(each) for each in product(*parts)]
            case ast.FormattedValue(value=value):
                return self.of(value, depth)
            case ast.IfExp(body=body, orelse=other):
                return [*self.of(body, depth), *self.of(other, depth)]
            case ast.Name() | ast.Attribute() | ast.Call():
                return self._elsewhere(told, depth)
            case _:
                return []

    def _elsewhere(self, told: ast.Name | ast.Attribute | ast.Call, depth: int) -> list[str]:
        """What is assigned to this name or returned by this function, in the module or as a constant of another."""
        name = f"{ast.unparse(told.func)}()" if isinstance(told, ast.Call) else ast.unparse(told)
        known = self.assigned.get(name, []) if depth else []
        found = list(dict.fromkeys(text for each in known for text in self.of(each, depth - 1)))
        if isinstance(told, ast.Attribute):  # it begins empty, and is told only once it says something
            return [text for text in found if text]
        return found or [text for text in (constants().get(name),) if text is not None]

    def reasons(self) -> Iterator[str]:
        """Everything that the module gives as a reason."""
        for name in RETURNED:
            for each in self.assigned.get(f"{name}()", []):
                yield from self.of(each)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield from self._taken(node)

    def _taken(self, call: ast.Call) -> Iterator[str]:
        name = ast.unparse(call.func).rpartition(".")[2]
        named = {each.arg: each.value for each in call.keywords}
        if name in NAMED and "reason" in named and not (call.args and ast.unparse(call.args[0]) == "'ready'"):
            yield from self.of(named["reason"])
        if name == "Record" and "fault" in named:
            yield from self.of(named["fault"])
        if "failure" in named and "condition" in named:
            yield from (f"{text}: {VALUE}" for text in self.of(named["failure"]))
        if name in self.told and len(call.args) > self.told[name]:
            yield from self.of(call.args[self.told[name]])


@cache
def constants() -> Mapping[str, str]:
    """The constants of all modules that are texts."""
    return {
        target.id: each.value.value
        for _, tree in modules("services", "shared", "amtsweg")
        for each in tree.body
        if isinstance(each, ast.Assign | ast.AnnAssign)
        for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
        if isinstance(target, ast.Name) and target.id.lstrip("_").isupper()
        if isinstance(each.value, ast.Constant) and isinstance(each.value.value, str)
    }


@cache
def written() -> Sequence[str]:
    """Every reason that says more than what it gets from elsewhere."""
    found = {
        text
        for name, tree in modules("services", "shared", "amtsweg")
        for text in Texts(name, tree).reasons()
    }
    return sorted(text for text in found if any(map(str.isalpha, text.replace(VALUE, ""))))


def test_every_reason_that_a_service_writes_has_words_in_both_languages() -> None:
    found = written()
    assert len(found) > 90
    assert FOLLOWS in found
    assert [each for each in found if "Technische Angabe: " in reason_words(each, "de")] == []
    for each in found:
        for language in ("de", "en"):
            told = reason_words(each, language)
            assert not foreign(told, spoken=language), told
            assert "{" not in told
            assert told.count(VALUE) == each.count(VALUE), told


def test_an_error_of_the_program_is_called_so() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        _ = 1 // 0
    told = reason_words(describe(raised.value), "de")
    assert told.startswith("Fehler im Programm: builtins.ZeroDivisionError in test_reason_words.py, Zeile ")


def test_an_error_of_the_operating_system_says_what_is_missing_and_quotes_nothing() -> None:
    with pytest.raises(OSError, match="Erika") as raised:
        raise OSError(errno.ENOSPC, "Erika Mustermann", "/letters/Erika")
    described = describe(raised.value)
    assert described.startswith("builtins.OSError (No space left on device) at test_reason_words.py:")
    assert reason_words(described, "de").startswith(
        "Fehler des Systems: No space left on device (builtins.OSError in "
    )
    assert "Erika" not in described
    assert "(" not in describe(OSError("Erika Mustermann"))


@pytest.mark.parametrize(
    ("reason", "german", "english"),
    [
        (
            "what it needs lies in case.custody.v1, partition 3, offset 7: the batch is damaged",
            "was dazu nötig ist, liegt in case.custody.v1, Partition 3, Offset 7: das Bündel ist beschädigt",
            "what it needs lies in case.custody.v1, partition 3, offset 7: the batch is damaged",
        ),
        (
            "unit 3: failed, and is being reopened",
            "Einheit 3: gescheitert, wird neu geöffnet",
            "unit 3: failed, and is being reopened",
        ),
        (
            "begun anew after: the moon is full",
            "neu begonnen nach: Technische Angabe: the moon is full",
            "begun anew after: Technical text: the moon is full",
        ),
        (
            "begun anew after: TimeoutError",
            "neu begonnen nach: TimeoutError",
            "begun anew after: TimeoutError",
        ),
        ("{0} the moon", "Technische Angabe: {0} the moon", "Technical text: {0} the moon"),
        ("", "", ""),
    ],
)
def test_reasons_within_reasons_and_what_nobody_knows(reason: str, german: str, english: str) -> None:
    told: dict[ReadIn, str] = {"de": german, "en": english}
    assert {language: reason_words(reason, language) for language in told} == told

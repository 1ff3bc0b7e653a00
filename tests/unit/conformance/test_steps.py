"""What counts as passed in a check, and what does not."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

from amtsweg.conformance.steps import MARK, STEPS, AnswerOpened, CaseSeen, StepName, passed
from shared.events.ids import child_id

ANSWER = uuid4()
WORDS = ("first", "second")


def opened(kind: str, **content: Any) -> AnswerOpened:
    return AnswerOpened(kind=kind, answer_id=ANSWER, content=content)


def report(*ids: object, refused: str = "urn:amtsweg:problem:case-unknown") -> str:
    return json.dumps({MARK: {"answerIds": [str(each) for each in ids], "refused": refused}})


WHOLE = CaseSeen(
    words=WORDS,
    lines={"accepted": child_id(ANSWER, "accepted"), "granted": uuid4()},
    answers=[
        opened("accepted", text="first"),
        opened("information-requested", missing=["x"], text=report(ANSWER, ANSWER)),
        opened("decided", text="second", documents=[{"name": "Bescheid"}]),
    ],
    records={"submission": 3, "supplement": 5},
    position=6,
)


def missing(seen: CaseSeen) -> set[StepName]:
    return {step.name for step in STEPS} - passed(seen)


def without(number: int, *instead: AnswerOpened) -> CaseSeen:
    answers = list(WHOLE.answers)
    answers[number : number + 1] = instead
    return replace(WHOLE, answers=answers)


def test_a_whole_client_passes_every_step() -> None:
    assert missing(WHOLE) == set()


def test_nothing_is_passed_before_anything_is_seen() -> None:
    assert passed(CaseSeen(words=WORDS)) == set()


def test_each_step_falls_with_what_shows_it() -> None:
    asked = WHOLE.answers[1]
    cases: list[tuple[CaseSeen, set[StepName]]] = [
        (without(0), {"decrypted"}),
        (without(0, opened("accepted", text="another word")), {"decrypted"}),
        (without(1), {"asked", "repeated", "refused"}),
        (without(1, replace(asked, content={"missing": ["x"], "text": report(ANSWER)})), {"repeated"}),
        (without(1, replace(asked, content={"missing": ["x"], "text": report(ANSWER, uuid4())})), {"repeated"}),
        (without(1, replace(asked, content={"missing": ["x"], "text": report(ANSWER, "no id")})), {"repeated"}),
        (
            without(1, replace(asked, content={"missing": ["x"], "text": report(ANSWER, ANSWER, refused="")})),
            {"refused"},
        ),
        (without(2, opened("decided", text="first")), {"supplement-decrypted", "document"}),
        (replace(WHOLE, position=5), {"confirmed"}),
        (replace(WHOLE, records={"submission": 3}), {"supplement-delivered"}),
        (replace(WHOLE, lines={"accepted": child_id(ANSWER, "accepted")}), {"decided"}),
    ]  # fmt: skip
    for seen, expected in cases:
        assert missing(seen) == expected


def test_a_text_that_is_no_report_shows_nothing_and_breaks_nothing() -> None:
    for text in ("", "[]", "{", '{"amtswegCheck": 1}', "[" * 100_000):
        seen = without(1, opened("information-requested", missing=["x"], text=text))
        assert missing(seen) == {"repeated", "refused"}


def test_every_step_says_in_both_languages_what_it_shows_and_what_to_do() -> None:
    assert all(len({*step.shown, *step.missing}) == 4 and all(step.shown + step.missing) for step in STEPS)

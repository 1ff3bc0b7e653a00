"""The demonstration speaks one language: each kind of case and each step has its words in both."""

import pytest

from amtsweg.demo.demo_words import CASES, STEPS, case_word, step_word
from amtsweg.demo.scenarios import postings
from amtsweg.language import LANGUAGE_VARIABLE


def test_each_kind_of_case_has_a_name_in_both_languages() -> None:
    posted = {posting.what for posting in postings(400, run="worte")}
    assert posted == CASES.keys()


def test_english_shows_no_german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, "en")
    assert [case_word(what) for what in CASES] == [*CASES.values()]
    assert step_word("assigns", to="g-06531011") == "a person assigns it to g-06531011"
    assert step_word("Kafka") == "Kafka"
    assert not {*CASES, *(german for german, _ in STEPS.values())} & {
        *CASES.values(),
        *(english for _, english in STEPS.values()),
    }

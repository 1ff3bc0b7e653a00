"""What a place should hold is said in words for each fault that our own models know, in both languages."""

from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.events.case import AnswerGiven
from shared.strict_json import JsonFault
from shared.web.expected import expected_of
from tests.support.languages import foreign

_ANSWER = {"kind": "accepted", "givenAt": "2026-01-12T10:15:00Z"}


def _told(model: type[BaseModel], value: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(value)
    found = [expected_of(dict(fault)) for fault in refused.value.errors()]
    for each in found:
        assert not foreign(each.de, spoken="de")
        assert not foreign(each.en, spoken="en")
    return [(each.de, each.en) for each in found]


@pytest.mark.parametrize(
    ("changed", "german", "english"),
    [
        (
            {"kind": "decided"},
            "outcome genau dann, wenn kind decided ist",
            "outcome if kind is decided, and only then",
        ),
        (
            {"givenAt": "1066-10-14T10:15:00Z"},
            "ein Zeitpunkt der Jahre 1900 bis 2199",
            "an instant of the years 1900 to 2199",
        ),
        (
            {"givenAt": "2026-01-12T10:15:00"},
            "ein Zeitpunkt mit Zone, zum Beispiel 2026-01-12T10:15:00Z",
            "an instant with its zone, for example 2026-01-12T10:15:00Z",
        ),
        ({"months": "two"}, "eine ganze Zahl", "a whole number"),
        ({"months": 13}, "höchstens 12", "at most 12"),
        ({"outcome": "perhaps"}, "eines von: granted, refused", "one of: granted, refused"),
    ],
)
def test_an_answer_that_is_not_as_described_is_told_what_was_expected(
    changed: dict[str, Any], german: str, english: str
) -> None:
    assert (german, english) in _told(AnswerGiven, {**_ANSWER, **changed})


def test_a_fault_that_the_table_does_not_know_leads_to_the_description() -> None:
    assert expected_of({"type": "unheard_of"}).de == "eine Angabe, wie /openapi.json sie beschreibt"


@pytest.mark.parametrize("fault", get_args(JsonFault))
def test_each_fault_of_the_json_reader_has_words(fault: str) -> None:
    assert expected_of({"type": fault, "ctx": {"most_values": 7}}) != expected_of({"type": "unheard_of"})


def test_a_body_that_is_no_object_is_answered_with_what_is_expected() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(AnswerGiven).validate_python([], from_attributes=True)
    assert [expected_of(dict(fault)).de for fault in refused.value.errors()] == ["ein JSON-Objekt"]

"""What the sealed parts of an answer say: real file numbers and lists are taken, what steers a screen is not."""

import json
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from amtsweg.docs import answer_schemas
from shared.crypto.jwe import RecipientKey
from shared.events.case import AnswerGiven
from shared.events.sealed_answer import AnswerContent, AnswerNotice, SealingKey
from tests.support.events import RECEIVED_AT, sealed
from tests.support.routing import private_key, public_part

CONTENT: dict[str, Any] = {
    "fileNumber": "63.2-Bü-2026/0012 (§ 34)",
    "text": "Guten Tag,\n\nes fehlt noch etwas.",
    "missing": ["Führungszeugnis (Beleg-Art 0)"],
    "documents": [{"name": "Bescheid.pdf", "mediaType": "application/pdf", "data": "JVBERi0xLjcK"}],
}
NOTICE: dict[str, Any] = {
    "missing": ["Führungszeugnis (Beleg-Art 0)"],
    "documents": [
        {"name": "Bescheid.pdf", "mediaType": "application/pdf", "size": 9, "digest": "sha256:" + "0" * 64}
    ],
}


@pytest.mark.parametrize(
    "number",
    ["63.2-Bü-2026/0012", "Az: 12(3)", "§ 34 Nr. 5", "A 12, B 3", "32.1.4:GA-0815", "12+3", "6.30 – 12"],
)
def test_real_file_numbers_are_taken(number: str) -> None:
    assert AnswerContent(file_number=number).file_number == number


@pytest.mark.parametrize("number", ["", " ", "x" * 65, "a\nb", "a\u200bb", "\x1b[31m", "a\u2028b"])
def test_a_file_number_that_cannot_be_printed_is_refused(number: str) -> None:
    with pytest.raises(ValidationError, match=r"fileNumber|file_number"):
        AnswerContent(file_number=number)


def test_the_published_schemas_take_what_the_models_take() -> None:
    jsonschema.validate(CONTENT, json.loads(answer_schemas.content()))
    jsonschema.validate(NOTICE, json.loads(answer_schemas.notice()))
    assert json.loads(AnswerContent.model_validate(CONTENT).model_dump_json(by_alias=True)) == CONTENT
    assert AnswerNotice.model_validate(NOTICE).documents[0].size == 9


def test_each_member_is_described_in_german_and_english() -> None:
    for text in (answer_schemas.content(), answer_schemas.notice()):
        schema = json.loads(text)
        members = [schema, *schema["$defs"].values()]
        described = [each for model in members for each in model["properties"].values()]
        assert described
        assert all({"description", "x-description-en"} <= each.keys() for each in described)


def test_a_key_as_it_is_named_is_one_that_can_be_sealed_to() -> None:
    jwk = public_part(private_key("client-1"))
    named = SealingKey.model_validate(jwk).model_dump(by_alias=True, exclude_none=True)
    assert named == jwk
    assert RecipientKey(named).kid == "client-1"


def test_a_private_key_is_never_named() -> None:
    with pytest.raises(ValidationError):
        SealingKey.model_validate(private_key("client-1"))


@pytest.mark.parametrize(
    ("members", "named"),
    [
        pytest.param(
            {"kind": "information-requested", "items": 1}, "notice", id="nobody learns what is missing"
        ),
        pytest.param({"kind": "information-requested", "notice": True}, "items", id="without a number"),
        pytest.param({"kind": "accepted", "notice": True}, "notice", id="accepted with a notice"),
        pytest.param(
            {"kind": "returned", "reason": "wrong-place", "content": True},
            "content",
            id="returned with content",
        ),
        pytest.param({"kind": "information-requested", "items": 21, "notice": True}, "items", id="too many"),
    ],
)
def test_a_sealed_part_belongs_to_some_kinds_of_answer(members: dict[str, Any], named: str) -> None:
    given = {name: sealed() if value is True else value for name, value in members.items()}
    with pytest.raises(ValidationError, match=named):
        AnswerGiven.model_validate({**given, "given_at": RECEIVED_AT})

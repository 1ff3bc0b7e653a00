"""A sealed part that nobody could open as what it should be is refused at the door, by the member that is wrong."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.cases.sealed_parts import PartFault, fault_of_parts
from shared.crypto.jwe import RecipientKey, seal
from shared.events.case import AnswerGiven
from shared.events.payload import Sealed, SealedRecipient
from shared.events.sealed_answer import MAX_NOTICE_BYTES
from tests.support.events import RECEIVED_AT, SUBMISSION_ID
from tests.support.routing import private_key, public_part

KEY = RecipientKey(public_part(private_key("client-1")))


def part(purpose: str = "answer", *, plaintext: bytes = b"{}", **changed: Any) -> Sealed:
    token = seal(
        plaintext,
        key=KEY,
        submission_id=changed.pop("submission_id", SUBMISSION_ID),
        purpose=purpose,
        content_type=changed.pop("content_type", "application/json"),
    )
    return Sealed.model_validate_json(token).model_copy(update=changed)


def with_member(name: str, text: str) -> Sealed:
    return part().model_copy(update={name: text})


def faulty(content: Sealed | None = None, notice: Sealed | None = None) -> tuple[str, str] | None:
    answer = AnswerGiven(
        kind="decided", outcome="granted", content=content, notice=notice, given_at=RECEIVED_AT
    )
    return fault_of_parts(answer, submission_id=SUBMISSION_ID)


def header(**changed: Any) -> str:
    document = {
        "enc": "A256GCM",
        "cty": "application/json",
        "submissionId": str(SUBMISSION_ID),
        "purpose": "answer",
    }
    return urlsafe_b64encode(json.dumps(document | changed).encode()).decode().rstrip("=")


def twice(name: str, value: str) -> str:
    """The right header, before which this member stands once more."""
    right = urlsafe_b64decode(header() + "==")
    return urlsafe_b64encode(f'{{"{name}":"{value}",'.encode() + right[1:]).decode().rstrip("=")


def recipient(**header: Any) -> tuple[SealedRecipient, ...]:
    return (SealedRecipient(header={"alg": "ECDH-ES+A256KW", "kid": "k", **header}, encrypted_key="AAAA"),)


def test_parts_that_are_sealed_as_they_should_be_are_taken() -> None:
    assert faulty(part(), part("notice")) is None
    assert faulty() is None


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(part("content"), "purpose", id="for another purpose"),
        pytest.param(part(submission_id=uuid4()), "submissionId", id="for another submission"),
        pytest.param(part(content_type="text/plain"), "protected", id="no JSON"),
        pytest.param(part(protected=header(zip="DEF")), "protected", id="compressed"),
        pytest.param(part(protected=header(name="Erika")), "protected", id="with words in the header"),
        pytest.param(part(protected="e30"), "protected", id="an empty header"),
        pytest.param(
            part(protected=twice("purpose", "notice")), "protected", id="a header with two purposes"
        ),
        pytest.param(part(protected="?"), "protected", id="a header that is none"),
        pytest.param(part(protected="A" * 2000), "protected", id="a long header"),
        pytest.param(part(iv="AAAA"), "iv", id="a short iv"),
        pytest.param(part(tag=""), "tag", id="no tag"),
        pytest.param(part(ciphertext=""), "ciphertext", id="nothing"),
        pytest.param(part(ciphertext="A=="), "ciphertext", id="padded"),
        pytest.param(part(recipients=()), "recipients", id="for nobody"),
        pytest.param(part(recipients=recipient() * 6), "recipients", id="for too many"),
        pytest.param(part(recipients=recipient(alg="dir")), "recipients", id="another algorithm"),
        pytest.param(part(recipients=recipient(kid="")), "recipients", id="without a name of the key"),
        pytest.param(part(recipients=recipient(note="Erika")), "recipients", id="with words for a recipient"),
        pytest.param(part(recipients=recipient(epk={"d": "AA"})), "recipients", id="with a private key"),
        pytest.param(part(recipients=recipient(epk={"x": {}})), "recipients", id="with a point that is none"),
    ],
)
def test_what_nobody_could_open_is_refused_by_the_member_that_is_wrong(
    content: Sealed, fault: PartFault
) -> None:
    assert faulty(content) == ("content", fault)


def test_each_part_has_a_limit_of_its_own() -> None:
    most = b"x" * MAX_NOTICE_BYTES
    assert faulty(part(plaintext=most + b"xxx"), part("notice", plaintext=most)) is None
    assert faulty(None, part("notice", plaintext=most + b"xxx")) == ("notice", "too-large")


@given(text=st.text(max_size=60), member=st.sampled_from(["protected", "iv", "ciphertext", "tag"]))
def test_no_text_in_any_member_breaks_the_door(text: str, member: str) -> None:
    found = faulty(with_member(member, text))
    assert found is None or found == ("content", member)

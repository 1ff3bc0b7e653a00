"""A sealed part that nobody could open as what it should be is refused at the door, by the member that is wrong."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey, RSAKey

from services.router.domain.cases.sealed_parts import PartFault, fault_of_parts
from shared.crypto.jwe import RecipientKey, seal
from shared.crypto.key_strength import is_sealing_point
from shared.events.case import AnswerGiven
from shared.events.payload import Sealed, SealedRecipient
from shared.events.sealed_answer import MAX_NOTICE_BYTES
from tests.support.events import RECEIVED_AT, SUBMISSION_ID
from tests.support.routing import private_key, public_part

KEY = RecipientKey(public_part(private_key("client-1")))


def part(
    purpose: str = "answer", *, plaintext: bytes = b"{}", key: RecipientKey = KEY, **changed: Any
) -> Sealed:
    token = seal(
        plaintext,
        key=key,
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
    return fault_of_parts(answer, submission_id=SUBMISSION_ID, named=None, is_point=is_sealing_point)


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


ENTRY = part().recipients[0]
OF_THE_NOTICE = part("notice").recipients[0].header
POINT: Any = ENTRY.header["epk"]
RSA = SealedRecipient(header={"alg": "RSA-OAEP-256", "kid": "k"}, encrypted_key="A" * 512)


def recipient(key: str = ENTRY.encrypted_key, **header: Any) -> tuple[SealedRecipient, ...]:
    """A right entry with these members of its header changed; None takes one away."""
    members = {name: value for name, value in (ENTRY.header | header).items() if value is not None}
    return (SealedRecipient(header=members, encrypted_key=key),)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "X25519", "RSA"])
def test_parts_that_are_sealed_as_they_should_be_are_taken(kind: str) -> None:
    made: Any = {"RSA": RSAKey, "X25519": OKPKey}.get(kind, ECKey)
    key = RecipientKey(
        made.generate_key(3072 if kind == "RSA" else kind).as_dict(private=False) | {"kid": "k"}
    )

    assert faulty(part(key=key), part("notice", key=key)) is None
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
        pytest.param(
            part(recipients=recipient(kid="")), "recipients.header.kid", id="without a name of the key"
        ),
        pytest.param(part(recipients=recipient(note="Erika")), "recipients", id="with words for a recipient"),
        pytest.param(
            part(recipients=recipient(kid="\x1b[2J")),
            "recipients.header.kid",
            id="a key that clears a screen",
        ),
        pytest.param(part(recipients=recipient(key="AAAA")), "recipients", id="a short wrapped key"),
        pytest.param(part(recipients=recipient(key="A" * 9000)), "recipients", id="a long wrapped key"),
        pytest.param(part(recipients=recipient(apu=None)), "recipients", id="bound to no submission"),
        pytest.param(
            part(recipients=recipient(apv=OF_THE_NOTICE["apv"])), "recipients", id="bound to another purpose"
        ),
        pytest.param(
            part(recipients=recipient(apu=ENTRY.header["apv"], apv=ENTRY.header["apu"])),
            "recipients",
            id="submission and purpose exchanged",
        ),
        pytest.param(part(recipients=recipient(epk=None)), "recipients", id="without a point"),
        pytest.param(
            part(recipients=recipient(epk=POINT | {"d": "AA"})),
            "recipients.header.epk",
            id="with a private key",
        ),
        pytest.param(
            part(recipients=recipient(epk=POINT | {"x": {}})),
            "recipients.header.epk",
            id="with a point that is none",
        ),
        pytest.param(
            part(recipients=recipient(epk=POINT | {"x": "AQ"})), "recipients.header.epk", id="a short point"
        ),
        pytest.param(
            part(recipients=recipient(epk=POINT | {"crv": "P-521"})),
            "recipients.header.epk",
            id="on another curve",
        ),
        pytest.param(part(recipients=recipient(alg="RSA-OAEP-256")), "recipients", id="RSA with a point"),
        pytest.param(
            part(recipients=(RSA.model_copy(update={"encrypted_key": "A" * 100}),)),
            "recipients",
            id="RSA with a short key",
        ),
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

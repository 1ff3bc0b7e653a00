"""Sealing against joserfc, which knows nothing of our code, in both directions."""

import json
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey

from shared.crypto.jwe import NotOpened, OwnKey, RecipientKey, Rewrapper, open_sealed, seal
from shared.crypto.key_wrapping import decode

SUBMISSION = UUID("0b2c7d7e-4b0f-5a3e-8f53-1f1a3c2d4e5f")
REGISTRY = jwe.JWERegistry(
    algorithms=["ECDH-ES+A256KW", "RSA-OAEP-256", "A256GCM"], strict_check_header=False
)


def key_pair(kind: str = "EC", *, kid: str = "platform-1") -> dict[str, Any]:
    key = ECKey.generate_key("P-256") if kind == "EC" else RSAKey.generate_key(2048)
    return {**key.as_dict(private=True), "kid": kid}


PLATFORM = key_pair()
AUTHORITIES = {"EC": key_pair(kid="authority-ec"), "RSA": key_pair("RSA", kid="authority-rsa")}


def public(jwk: dict[str, Any]) -> dict[str, Any]:
    return {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e", "kid") if name in jwk}


def sealed(plaintext: bytes, jwk: dict[str, Any], *, purpose: str = "content") -> bytes:
    return seal(
        plaintext,
        key=RecipientKey(public(jwk)),
        submission_id=SUBMISSION,
        purpose=purpose,
        content_type="application/json",
    )


def opened_by_joserfc(token: dict[str, Any], jwk: dict[str, Any]) -> bytes:
    key = ECKey.import_key(jwk) if jwk["kty"] == "EC" else RSAKey.import_key(jwk)
    plaintext = jwe.decrypt_json(cast("Any", token), key, registry=REGISTRY).plaintext
    assert plaintext is not None
    return plaintext


@pytest.mark.parametrize("kind", ["EC", "RSA"])
@settings(max_examples=30)
@given(plaintext=st.binary(max_size=2000))
def test_joserfc_opens_what_we_sealed(kind: str, plaintext: bytes) -> None:
    token = json.loads(sealed(plaintext, AUTHORITIES[kind]))
    assert opened_by_joserfc(token, AUTHORITIES[kind]) == plaintext


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_we_open_what_joserfc_sealed(kind: str) -> None:
    jwk = AUTHORITIES[kind]
    header = {"enc": "A256GCM", "cty": "text/plain", "submissionId": str(SUBMISSION), "purpose": "content"}
    message = jwe.GeneralJSONEncryption(header, b"Antrag")
    key = ECKey.import_key(jwk) if kind == "EC" else RSAKey.import_key(jwk)
    alg = "ECDH-ES+A256KW" if kind == "EC" else "RSA-OAEP-256"
    message.add_recipient({"alg": alg, "kid": jwk["kid"]}, key)
    token = json.dumps(jwe.encrypt_json(message, None, registry=REGISTRY)).encode()
    assert open_sealed(token, key=OwnKey(jwk), submission_id=SUBMISSION, purpose="content") == b"Antrag"


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_a_rewrapped_object_opens_for_the_authority_and_nothing_but_the_entry_changed(kind: str) -> None:
    token = json.loads(sealed(b"Antrag", PLATFORM))
    rewrapper = Rewrapper([OwnKey(PLATFORM)])
    entry = rewrapper.rewrap(token["recipients"][0], authority_key=RecipientKey(public(AUTHORITIES[kind])))
    forwarded = {**token, "recipients": [entry]}
    assert opened_by_joserfc(forwarded, AUTHORITIES[kind]) == b"Antrag"
    assert {k: v for k, v in forwarded.items() if k != "recipients"} == {
        k: v for k, v in token.items() if k != "recipients"
    }


def test_the_protected_header_says_only_what_a_new_recipient_may_share() -> None:
    token = json.loads(sealed(b"Antrag", PLATFORM))
    protected = json.loads(decode(token["protected"]))
    assert set(protected) == {"enc", "cty", "submissionId", "purpose"}
    assert set(token["recipients"][0]["header"]) == {"alg", "kid", "epk"}


@pytest.mark.parametrize("part", ["iv", "ciphertext", "tag", "protected"])
def test_an_altered_object_does_not_open(part: str) -> None:
    token = json.loads(sealed(b"Antrag", PLATFORM))
    token[part] = ("B" if token[part][0] != "B" else "C") + token[part][1:]
    with pytest.raises(NotOpened):
        open_sealed(
            json.dumps(token).encode(), key=OwnKey(PLATFORM), submission_id=SUBMISSION, purpose="content"
        )


@pytest.mark.parametrize(
    ("submission", "purpose"), [(uuid4(), "content"), (SUBMISSION, "contact")], ids=["submission", "purpose"]
)
def test_an_object_moved_to_another_place_does_not_open(submission: UUID, purpose: str) -> None:
    token = sealed(b"Antrag", PLATFORM)
    with pytest.raises(NotOpened, match="is not sealed for submission"):
        open_sealed(token, key=OwnKey(PLATFORM), submission_id=submission, purpose=purpose)


def test_a_foreign_key_opens_nothing_and_the_error_names_the_key_id() -> None:
    token = json.loads(sealed(b"Antrag", AUTHORITIES["EC"]))
    with pytest.raises(NotOpened, match="no private key authority-ec"):
        Rewrapper([OwnKey(PLATFORM)]).rewrap(
            token["recipients"][0], authority_key=RecipientKey(public(PLATFORM))
        )


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"header": {"kid": "platform-1"}, "encrypted_key": "AAAA"},
        {"header": {"kid": "platform-1", "alg": "RSA-OAEP-256"}, "encrypted_key": "AAAA"},
        {
            "header": {"kid": "platform-1", "alg": "ECDH-ES+A256KW", "epk": {"x": "AQ", "y": "AQ"}},
            "encrypted_key": "AAAA",
        },
    ],
    ids=["empty", "no algorithm", "other algorithm", "point not on the curve"],
)
def test_a_malformed_entry_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(NotOpened):
        Rewrapper([OwnKey(PLATFORM)]).rewrap(entry, authority_key=RecipientKey(public(PLATFORM)))


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "without kid"),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "a"}, "malformed"),
        ({"kty": "oct", "k": "AA", "kid": "a"}, "expected EC P-256 or RSA"),
    ],
)
def test_a_key_of_another_kind_is_refused(jwk: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        RecipientKey(jwk)


def test_a_public_key_cannot_be_given_for_opening() -> None:
    with pytest.raises(ValueError, match="expected a private key"):
        OwnKey(public(PLATFORM))

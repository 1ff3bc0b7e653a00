"""Sealing against joserfc, which knows nothing of our code, in both directions."""

import json
from functools import cache
from hashlib import sha256
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from shared.crypto.jwe import NotOpened, OtherUse, OwnKey, RecipientKey, Rewrapper, open_sealed, seal
from shared.crypto.key_wrapping import decode, encode

SUBMISSION = UUID("0b2c7d7e-4b0f-5a3e-8f53-1f1a3c2d4e5f")
REGISTRY = jwe.JWERegistry(
    algorithms=["ECDH-ES+A256KW", "RSA-OAEP-256", "A256GCM"], strict_check_header=False
)


def key_pair(kind: str = "P-256", *, kid: str = "platform-1") -> dict[str, Any]:
    match kind:
        case "RSA":
            key: Any = RSAKey.generate_key(3072)
        case "X25519":
            key = OKPKey.generate_key("X25519")
        case curve:
            key = ECKey.generate_key(cast("Any", curve))
    return {**key.as_dict(private=True), "kid": kid}


def public(jwk: dict[str, Any]) -> dict[str, Any]:
    return {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e", "kid") if name in jwk}


PLATFORM = key_pair()
KINDS = ("P-256", "P-384", "X25519", "RSA")
AUTHORITIES = {kind: key_pair(kind, kid=f"authority-{kind}") for kind in KINDS}
EXPONENT_3 = {**AUTHORITIES["RSA"], "e": "Aw"}
USE: dict[str, Any] = {"submission_id": SUBMISSION, "purpose": "content"}
DIGESTS = (sha256(str(SUBMISSION).encode()).digest(), sha256(b"content").digest())


def sealed(plaintext: bytes, jwk: dict[str, Any], *, purpose: str = "content") -> bytes:
    return seal(
        plaintext,
        key=RecipientKey(public(jwk)),
        submission_id=SUBMISSION,
        purpose=purpose,
        content_type="application/json",
    )


@cache
def _imported(jwk: str) -> Any:
    """An RSA key is checked each time that it is read, which takes longer than to use it."""
    return JWKRegistry.import_key(json.loads(jwk))


def opened_by_joserfc(token: dict[str, Any], jwk: dict[str, Any]) -> bytes:
    key = _imported(json.dumps(jwk))
    plaintext = jwe.decrypt_json(cast("Any", token), key, registry=REGISTRY).plaintext
    assert plaintext is not None
    return plaintext


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30)
@given(plaintext=st.binary(max_size=2000))
def test_joserfc_opens_what_we_sealed(kind: str, plaintext: bytes) -> None:
    token = json.loads(sealed(plaintext, AUTHORITIES[kind]))
    assert opened_by_joserfc(token, AUTHORITIES[kind]) == plaintext


@pytest.mark.parametrize("kind", ["P-256", "P-384", "X25519"])
def test_we_open_what_joserfc_sealed(kind: str) -> None:
    jwk = AUTHORITIES[kind]
    header = {"enc": "A256GCM", "cty": "text/plain", "submissionId": str(SUBMISSION), "purpose": "content"}
    message = jwe.GeneralJSONEncryption(header, b"Antrag")
    apu, apv = map(encode, DIGESTS)
    recipient = {"alg": "ECDH-ES+A256KW", "kid": jwk["kid"], "apu": apu, "apv": apv}
    message.add_recipient(cast("Any", recipient), JWKRegistry.import_key(jwk))
    token = json.dumps(jwe.encrypt_json(message, None, registry=REGISTRY)).encode()
    assert open_sealed(token, key=OwnKey(jwk), submission_id=SUBMISSION, purpose="content") == b"Antrag"


@pytest.mark.parametrize("kind", KINDS)
def test_a_rewrapped_object_opens_for_the_authority_and_nothing_but_the_entry_changed(kind: str) -> None:
    token = json.loads(sealed(b"Antrag", PLATFORM))
    rewrapper = Rewrapper([OwnKey(PLATFORM)])
    entry = rewrapper.rewrap(
        token["recipients"][0], **USE, authority_key=RecipientKey(public(AUTHORITIES[kind]))
    )
    forwarded = {**token, "recipients": [entry]}
    assert opened_by_joserfc(forwarded, AUTHORITIES[kind]) == b"Antrag"
    assert {k: v for k, v in forwarded.items() if k != "recipients"} == {
        k: v for k, v in token.items() if k != "recipients"
    }


def test_the_protected_header_says_only_what_a_new_recipient_may_share() -> None:
    token = json.loads(sealed(b"Antrag", PLATFORM))
    protected = json.loads(decode(token["protected"]))
    assert set(protected) == {"enc", "cty", "submissionId", "purpose"}
    assert set(token["recipients"][0]["header"]) == {"alg", "kid", "epk", "apu", "apv"}


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
    token = json.loads(sealed(b"Antrag", AUTHORITIES["P-256"]))
    with pytest.raises(NotOpened, match="no private key authority-P-256"):
        Rewrapper([OwnKey(PLATFORM)]).rewrap(
            token["recipients"][0], **USE, authority_key=RecipientKey(public(PLATFORM))
        )


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"header": {"kid": ["platform-1"]}, "encrypted_key": "AAAA"},
        {"header": {"kid": "platform-1"}, "encrypted_key": "AAAA"},
        {"header": {"kid": "platform-1", "alg": "RSA-OAEP-256"}, "encrypted_key": "AAAA"},
        {
            "header": {
                "kid": "platform-1",
                "alg": "ECDH-ES+A256KW",
                "epk": {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"},
                **dict(zip(("apu", "apv"), map(encode, DIGESTS), strict=True)),
            },
            "encrypted_key": "AAAA",
        },
    ],
    ids=["empty", "no text as kid", "no algorithm", "other algorithm", "point not on the curve"],
)
def test_a_malformed_entry_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(NotOpened):
        Rewrapper([OwnKey(PLATFORM)]).rewrap(entry, **USE, authority_key=RecipientKey(public(PLATFORM)))


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "without kid"),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "a"}, "malformed"),
        ({"kty": "oct", "k": "AA", "kid": "a"}, "expected RSA"),
        ({**ECKey.generate_key("P-521").as_dict(private=False), "kid": "a"}, "expected RSA"),
        ({**OKPKey.generate_key("Ed25519").as_dict(private=False), "kid": "a"}, "expected RSA"),
        ({**RSAKey.generate_key(2048).as_dict(private=False), "kid": "a"}, "with 2048 bits"),
        ({**public(EXPONENT_3), "kid": "a"}, "e = 65537"),
    ],
)
def test_a_key_of_another_kind_is_refused(jwk: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        RecipientKey(jwk)


def test_an_rsa_key_opens_nothing_here_since_it_binds_to_no_use() -> None:
    with pytest.raises(ValueError, match="expected an elliptic key"):
        OwnKey(AUTHORITIES["RSA"])


@pytest.mark.parametrize(
    "changed", [{"submission_id": uuid4()}, {"purpose": "contact"}], ids=["submission", "purpose"]
)
@pytest.mark.parametrize("relabelled", [False, True])
def test_a_copied_entry_opens_under_no_other_submission_or_purpose(
    changed: dict[str, Any],
    relabelled: bool,  # noqa: FBT001 - a case
) -> None:
    entry = json.loads(sealed(b"Antrag", PLATFORM))["recipients"][0]
    other = {**USE, **changed}
    if relabelled:
        digests = (sha256(str(other["submission_id"]).encode()), sha256(other["purpose"].encode()))
        entry["header"] |= dict(zip(("apu", "apv"), (encode(d.digest()) for d in digests), strict=True))
    with pytest.raises(NotOpened) as refused:
        Rewrapper([OwnKey(PLATFORM)]).rewrap(entry, **other, authority_key=RecipientKey(public(PLATFORM)))
    assert isinstance(refused.value, OtherUse) != relabelled


def test_a_public_key_cannot_be_given_for_opening() -> None:
    with pytest.raises(ValueError, match="expected a private key"):
        OwnKey(public(PLATFORM))

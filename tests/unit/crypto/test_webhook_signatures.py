"""Signatures of webhooks, against the published vectors of Standard Webhooks and Svix."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.crypto.webhook_signatures import WebhookKeys, asymmetric, signed, symmetric

ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


def test_v1_is_as_published() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    assert symmetric(secret, signed(ID, AT, BODY)) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_v1a_is_as_published() -> None:
    key = Ed25519PrivateKey.from_private_bytes(
        base64.b64decode(
            "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
        )[:32]
    )

    assert asymmetric(key, signed(ID, AT, BODY)) == (
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    )


def test_while_two_keys_are_in_use_each_of_them_verifies() -> None:
    old, new = WebhookKeys((b"o" * 32,)), WebhookKeys((b"n" * 32, b"o" * 32))
    content = signed(ID, AT, BODY)

    header = new.header(ID, AT, BODY, receiver="g-06531005", generations=(2, 1)).split(" ")

    secrets = [
        base64.b64decode(keys.secret("g-06531005", generation).removeprefix("whsec_"))
        for keys in (old, new)
        for generation in (1, 2)
    ]
    assert {symmetric(each, content) for each in secrets} == {e for e in header if e.startswith("v1,")}
    asymmetrics = [base64.b64decode(each.removeprefix("v1a,")) for each in header if each.startswith("v1a,")]
    for public, signature in zip(new.public_keys(), asymmetrics, strict=True):
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_"))).verify(
            signature, content
        )
    assert new.public_keys()[1:] == old.public_keys()


def test_no_receiver_has_anothers_secret() -> None:
    keys = WebhookKeys((b"k" * 32,))

    assert len({keys.secret(who, n) for who in ("g-1", "g-11", "11 g-1") for n in (1, 11)}) == 6


def test_a_changed_body_does_not_verify() -> None:
    keys = WebhookKeys((b"k" * 32,))
    signature = keys.header(ID, AT, BODY, receiver="g", generations=()).removeprefix("v1a,")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys.public_keys()[0].removeprefix("whpk_")))

    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(signature), signed(ID, AT, BODY + b" "))


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "ab" * 31])
def test_malformed_master_keys_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        WebhookKeys.from_text(text)
